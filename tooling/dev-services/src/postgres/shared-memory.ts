import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes the System V segment of a server that was killed. PostgreSQL interlocks its data folder with a segment of 56 bytes, which
 * outlives a SIGKILL, and a system has only some thousand of them. Its id is in `postmaster.pid`, which an orderly end deletes.
 */
export const removeSharedMemory = (dataFolder: string): void => {
  let lines: readonly string[];
  try {
    lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return; // an orderly end: the segment is gone
  }
  const id = lines[6]?.trim().split(/\s+/)[1];
  if (id === undefined || !/^\d+$/.test(id)) return;
  try {
    execFileSync('ipcrm', ['-m', id], { stdio: 'ignore', timeout: 2_000 });
  } catch {
    // no ipcrm here, or the segment is gone: nothing more that could be done
  }
};
