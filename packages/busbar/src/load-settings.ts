import { existsSync } from 'node:fs';

import { loadConfig, type LoadedConfig } from '@busbar/config';
import type { EventMap } from '@busbar/envelope';

import type { BusbarOptions } from './busbar.ts';
import { busbarDefinition } from './settings/definition.ts';
import type { BusbarSettingsSchema } from './settings/schema.ts';

const DEFAULT_FILE = 'busbar.json';

/** The files that `BUSBAR_CONFIG_FILE` names, else `busbar.json` in the working directory if it is there. */
const settingsFiles = (env: Readonly<Record<string, string | undefined>>): readonly string[] => {
  const named = env['BUSBAR_CONFIG_FILE']?.trim() ?? '';
  if (named !== '') return named.split(',').map((file) => file.trim());
  return existsSync(DEFAULT_FILE) ? [DEFAULT_FILE] : [];
};

/**
 * Loads the settings of a bus; nothing has been opened when it throws.
 * @throws {@link ConfigError} with all problems at once
 */
export const loadSettings = <R extends EventMap>(options: BusbarOptions<R>): LoadedConfig<BusbarSettingsSchema> => {
  const env = options.load?.env ?? process.env;
  const definition = busbarDefinition({
    postgres: options.postgres !== undefined,
    kafka: options.driver !== undefined || options.producers !== undefined,
  });
  return loadConfig(definition, {
    ...options.load,
    env,
    files: options.load?.files ?? settingsFiles(env),
    ...(options.config === undefined ? {} : { explicit: options.config }),
  });
};
