/**
 * A program of the machine that npm cannot bring, for a suite that needs it:
 *
 *     const pgbouncer = useTool('pgbouncer');   // at the top of a file or describe; the path of the program inside the tests
 *
 * A missing one skips the tests with the reason, and fails them with `CI=true`, as a missing service does. The Debian packages that bring
 * them are in `tooling/dev-services/debian-packages.txt`.
 */
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { skipAll, suiteResource } from './require-service.ts';

export type ToolName = 'pgbouncer';

/** Where Debian has what is a service, and what the PATH of a user may lack. */
const SERVICE_FOLDERS = ['/usr/local/sbin', '/usr/sbin'];

const pathOf = async (name: ToolName): Promise<string | undefined> => {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...SERVICE_FOLDERS]) {
    const path = join(folder, name);
    try {
      // oxlint-disable-next-line no-await-in-loop -- the first one is taken
      await access(path, constants.X_OK);
      return path;
    } catch {
      // not there
    }
  }
  return undefined;
};

export const useTool = (name: ToolName): (() => string) =>
  suiteResource(
    async (suite) =>
      (await pathOf(name)) ??
      skipAll(suite, { available: false, reason: `${name} is not installed`, help: `Install the package ${name}.` }),
  );
