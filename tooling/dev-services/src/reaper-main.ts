/**
 * The reaper: a child process that ends a run when its owner is gone, however that happened, SIGKILL included.
 *
 *     node reaper-main.ts <run folder> <owner pid> <owner start>
 *
 * It learns of the end in two ways: its standard input is a pipe from the owner and closes (within milliseconds), or, when another
 * process than the owner started it, it looks every 100 ms whether the owner still lives. It ignores the signals of a terminal, since it
 * has to outlive what they end.
 */
import { fstatSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isAlive, type ProcessRef, selfRef } from './process.ts';
import { endRun } from './run-folder.ts';

const LOOK_EVERY_MS = 100;

const ownerGone = (owner: ProcessRef): Promise<void> =>
  new Promise((resolve) => {
    const input = fstatSync(0);
    if (input.isFIFO() || input.isSocket()) process.stdin.resume().once('close', resolve).once('error', resolve);
    setInterval(() => {
      if (!isAlive(owner)) resolve();
    }, LOOK_EVERY_MS);
  });

const [folder = '', pid = '', startedAt = ''] = process.argv.slice(2);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
writeFileSync(join(folder, 'reaper.new'), String(selfRef().pid));
renameSync(join(folder, 'reaper.new'), join(folder, 'reaper')); // complete from the first moment
await ownerGone({ pid: Number(pid), startedAt });
await endRun(folder);
// oxlint-disable-next-line unicorn/no-process-exit, node/no-process-exit -- a program: the interval and the pipe would hold it
process.exit(0);
