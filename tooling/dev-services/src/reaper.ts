import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { DevServiceError } from './errors.ts';
import { poll } from './poll.ts';
import { type ProcessRef, selfRef } from './process.ts';
import { makeRunFolder, type Run, sweepDeadRuns } from './run-folder.ts';

const REAPER_MAIN = fileURLToPath(new URL('reaper-main.ts', import.meta.url));

const startReaper = (run: Run): void => {
  const { NODE_OPTIONS: _none, ...env } = process.env;
  const owned = run.owner.pid === process.pid;
  const child = spawn(
    process.execPath,
    [
      ...(process.features.typescript === false ? ['--experimental-strip-types'] : []),
      REAPER_MAIN,
      run.folder,
      String(run.owner.pid),
      run.owner.startedAt,
    ],
    { cwd: '/', env, detached: true, stdio: [owned ? 'pipe' : 'ignore', 'ignore', 'ignore'], windowsHide: true },
  );
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
};

const reaperIsUp = (run: Run): true | undefined => (existsSync(join(run.folder, 'reaper')) ? true : undefined);

/**
 * The run of an owner (default: this process), watched by a reaper from before the first server starts. Concurrent calls, also from
 * several processes, get the same run. Keeps no process alive.
 */
export const openRun = async (owner: ProcessRef = selfRef()): Promise<Run> => {
  const { run, created } = makeRunFolder(owner);
  if (created) {
    startReaper(run);
    await sweepDeadRuns();
  }
  const up = await poll(() => reaperIsUp(run), { intervalMs: 10, timeoutMs: 10_000 });
  if (up === undefined) startReaper(run); // whoever made the folder died before it came so far
  if (up ?? (await poll(() => reaperIsUp(run), { intervalMs: 10, timeoutMs: 10_000 }))) return run;
  throw new DevServiceError('START_TIMEOUT', {
    service: 'run folder',
    reason: `the process that cleans up ${run.folder} did not start`,
    help: `Try: ${process.execPath} ${REAPER_MAIN} ${run.folder} ${owner.pid} ${owner.startedAt}`,
  });
};
