/**
 * The pipeline: profile → layers (default < derived < profile < files < env files < environment or `_FILE` < explicit) →
 * unknown names → values → rules → one frozen value, or one error with every problem.
 *
 * Invariants: equal inputs give equal values, sources and issues in equal order; every leaf has one source; a value is
 * there if and only if no issue is an error; no output shows a secret or the value of an unknown name; inputs are neither
 * kept nor changed.
 */
import type { Static, TObject } from 'typebox';

import type { AnyDefinition, ConfigDefinition } from './define-config.ts';
import { configChannels } from './diagnostics.ts';
import { fileVariableOf, profileVariableOf } from './env-names.ts';
import { ConfigError } from './errors.ts';
import { isError, settingIssue, type Issue } from './issue.ts';
import { assembleValue, fingerprintOf, loadedConfig, type LoadedConfig } from './loaded-config.ts';
import { DEFAULT_PROFILE, PROFILE_NAMES, profileOf, type Profile } from './profiles.ts';
import { resolveSettings, type Settled } from './resolve.ts';
import { violatedRules } from './rules.ts';
import type { DeepPartialInput, DeepReadonly } from './setting-path.ts';
import { defaultLayer } from './sources/default.ts';
import { envFileLayer } from './sources/env-file.ts';
import { envLayer, type Variables } from './sources/env.ts';
import { explicitLayer } from './sources/explicit.ts';
import { fileLayer, type FileSource } from './sources/file.ts';
import { isBroken, type Layer } from './sources/layer.ts';
import { profileLayer } from './sources/profile.ts';
import { readFileFromDisk, type ReadFile } from './sources/read-file.ts';
import { nearestName, unknownNameIssue, withHints, type Misnamed } from './unknown-keys.ts';

export interface LoadOptions<S extends TObject> {
  /** Default: `process.env`. */
  readonly env?: Variables;
  /** Files of variables, later ones win. Default: none; no `.env` is read unasked. */
  readonly envFiles?: readonly string[];
  /** Default: what `<PREFIX>_ENV` names, else production. */
  readonly profile?: Profile;
  /** Settings given by code; they win over everything else. */
  readonly explicit?: DeepPartialInput<S>;
  /** JSON files or data already read, later ones win. Default: none. */
  readonly files?: readonly FileSource[];
  /** What a name that belongs to no setting is. Default: error. */
  readonly unknown?: 'error' | 'warn' | 'ignore';
  /** Called for each warning before a loaded configuration is returned. */
  readonly onWarning?: (issue: Issue) => void;
  /** Default: the file system. */
  readonly readFile?: ReadFile;
}

export type LoadResult<S extends TObject> =
  | { readonly ok: true; readonly config: LoadedConfig<S> }
  | { readonly ok: false; readonly error: ConfigError };

/**
 * Loads a configuration, synchronously; nothing else may start before it returned.
 * @throws {@link ConfigError} with all problems at once.
 */
export const loadConfig = <S extends TObject>(
  definition: ConfigDefinition<S>,
  options: LoadOptions<S> = {},
): LoadedConfig<S> => {
  const result = tryLoadConfig(definition, options);
  if (!result.ok) throw result.error;
  return result.config;
};

/** Like {@link loadConfig}, with the error as a value. */
export const tryLoadConfig = <S extends TObject>(
  definition: ConfigDefinition<S>,
  options: LoadOptions<S> = {},
): LoadResult<S> => {
  const startedMs = performance.now();
  const env = options.env ?? process.env;
  const chosen = chooseProfile(definition.prefix, options.profile, env);
  const layers = collectLayers(definition, options, { env, profile: chosen.profile });
  const settled = resolveSettings({ settings: definition.settings, derived: definition.derived, layers });
  const issues = [
    ...chosen.issues,
    ...allIssues(definition, { layers, settled, profile: chosen.profile, unknown: options.unknown ?? 'error' }),
  ];
  const value = assembleValue(definition, settled);
  if (!isComplete<S>(value, issues)) {
    const error = new ConfigError(issues, chosen.profile);
    if (configChannels.invalid.hasSubscribers)
      configChannels.invalid.publish({ profile: chosen.profile, issues: error.issues });
    return { ok: false, error };
  }
  const fingerprint = fingerprintOf(settled);
  const config = loadedConfig({ value, profile: chosen.profile, warnings: issues, fingerprint, settled });
  for (const warning of issues) options.onWarning?.(warning);
  if (configChannels.loaded.hasSubscribers) {
    const durationMs = performance.now() - startedMs;
    configChannels.loaded.publish({
      profile: config.profile,
      fingerprint,
      settings: settled.size,
      warnings: issues.length,
      durationMs,
    });
  }
  return { ok: true, config };
};

/** The schema was checked setting by setting; without an error among the issues the assembled value satisfies all of it. */
const isComplete = <S extends TObject>(_value: unknown, issues: readonly Issue[]): _value is DeepReadonly<Static<S>> =>
  !issues.some(isError);

const chooseProfile = (
  prefix: string,
  asked: Profile | undefined,
  env: Variables,
): { profile: Profile; issues: readonly Issue[] } => {
  if (asked !== undefined) return { profile: asked, issues: [] };
  const variable = profileVariableOf(prefix);
  const name = env[variable]?.trim() ?? '';
  const profile = name === '' ? DEFAULT_PROFILE : profileOf(name);
  if (profile !== undefined) return { profile, issues: [] };
  const near = nearestName(name, PROFILE_NAMES);
  const help = near === undefined ? `write one of ${PROFILE_NAMES.join(', ')}` : `did you mean ${near}?`;
  const issue: Issue = {
    code: 'UNKNOWN_PROFILE',
    severity: 'error',
    env: variable,
    source: { kind: 'env', name: variable },
    message: `${JSON.stringify(name.slice(0, 80))} is not a profile`,
    help,
  };
  return { profile: DEFAULT_PROFILE, issues: [issue] };
};

const collectLayers = <S extends TObject>(
  definition: ConfigDefinition<S>,
  options: LoadOptions<S>,
  { env, profile }: { readonly env: Variables; readonly profile: Profile },
): readonly Layer[] => {
  const readFile = options.readFile ?? readFileFromDisk;
  const reader = { settings: definition.settings, prefix: definition.prefix, readFile };
  return [
    defaultLayer(definition.settings),
    profileLayer(definition, profile, definition.profiles[profile]),
    ...(options.files ?? []).map((file) => fileLayer(definition, file, readFile)),
    ...(options.envFiles ?? []).map((path) => envFileLayer(reader, path)),
    envLayer({ ...reader, variables: env }),
    explicitLayer(definition, options.explicit),
  ];
};

interface Findings {
  readonly layers: readonly Layer[];
  readonly settled: ReadonlyMap<string, Settled>;
  readonly profile: Profile;
  readonly unknown: 'error' | 'warn' | 'ignore';
}

const allIssues = (definition: AnyDefinition, { layers, settled, profile, unknown }: Findings): readonly Issue[] => {
  const unknownNames = unknown === 'ignore' ? [] : layers.flatMap((layer) => layer.unknown);
  const misnamed = withHints(definition, unknownNames);
  // What a source that could not be read would have said is not known: nothing is missing yet, and no rule can judge.
  const broken = layers.some(isBroken);
  const settings = settingIssues(settled, misnamed, broken);
  const severity = unknown === 'warn' ? 'warning' : 'error';
  return [
    ...layers.flatMap((layer) => layer.issues),
    ...misnamed.filter((name) => !settings.explained.has(name)).map((name) => unknownNameIssue(name, severity)),
    ...settings.issues,
    ...(broken ? [] : violatedRules(definition.rules, profile, settled)),
  ];
};

/** One issue for each setting without a value; a missing one takes over the misspelt name that was meant to set it. */
const settingIssues = (settled: ReadonlyMap<string, Settled>, misnamed: readonly Misnamed[], broken: boolean) => {
  const explained = new Set<Misnamed>();
  const issues: Issue[] = [];
  for (const { node, problem, candidates } of settled.values()) {
    if (problem === undefined) continue;
    if (problem.code !== 'MISSING') {
      issues.push(settingIssue(node, problem, candidates[0]?.source));
      continue;
    }
    if (broken) continue;
    const names = new Set<string | undefined>([node.path, node.env, fileVariableOf(node.env)]);
    const meant = misnamed.find(({ near }) => names.has(near));
    if (meant !== undefined) explained.add(meant);
    const help = meant === undefined ? undefined : `${meant.name} is set; was it meant to be ${meant.near}?`;
    issues.push(settingIssue(node, help === undefined ? problem : { ...problem, help }, meant?.source));
  }
  return { issues, explained };
};
