import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import {
  allEnded,
  childrenOf,
  endProcesses,
  isAlive,
  isStopped,
  parseProcStat,
  processRef,
  selfRef,
  signalProcess,
  tailOf,
} from '../src/process.ts';

const sleeper = (): { pid: number; ended: Promise<unknown> } => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  return { pid: child.pid ?? 0, ended: once(child, 'exit') };
};

test('a command name with blanks and brackets does not shift the fields of /proc', () => {
  const rest = Array.from({ length: 40 }, (_, index) => String(index + 4));
  const stat = parseProcStat(`42 (a ) b (c)) S ${rest.join(' ')}`);
  expect(stat).toEqual({ state: 'S', parentPid: 4, threads: 20, startedAt: '22' });
});

test('a process is known by pid and start, and one that ended is not alive even before its parent has reaped it', async () => {
  const { pid, ended } = sleeper();
  const ref = processRef(pid);
  if (ref === undefined) throw new Error('no process');
  expect(isAlive(ref)).toBe(true);
  expect(isAlive({ pid, startedAt: 'another time' })).toBe(false);
  expect(childrenOf(selfRef().pid).map((child) => child.pid)).toContain(pid);
  expect(signalProcess({ pid, startedAt: 'another time' }, 'SIGKILL')).toBe(false);
  expect(isAlive(ref)).toBe(true);
  expect(signalProcess(ref, 'SIGKILL')).toBe(true);
  expect(await allEnded([ref], 2_000)).toBe(true);
  await ended;
  expect(processRef(pid)).toBeUndefined();
});

test('a stopped process is woken to obey, and one that does not obey is killed', async () => {
  const stopped = sleeper();
  const deaf = execFile(process.execPath, [
    '-e',
    `process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1e6)`,
  ]);
  await once(deaf.stdout ?? deaf, 'data');
  const refs = [processRef(stopped.pid), processRef(deaf.pid ?? 0)].filter((ref) => ref !== undefined);
  const [first] = refs;
  if (first === undefined) throw new Error('no process');
  signalProcess(first, 'SIGSTOP');
  await expect.poll(() => isStopped(first)).toBe(true);
  await endProcesses([first], 'SIGTERM', 5_000);
  expect(await stopped.ended).toEqual([null, 'SIGTERM']);
  const end = once(deaf, 'exit');
  await endProcesses(refs, 'SIGTERM', 100);
  expect(await end).toEqual([null, 'SIGKILL']);
});

test('the tail of a file is its last bytes, and nothing when there is no file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tail-'));
  const file = join(folder, 'log');
  writeFileSync(file, 'abcdef');
  expect([tailOf(file), tailOf(file, 3), tailOf(join(folder, 'none'))]).toEqual(['abcdef', 'def', '']);
  rmSync(folder, { recursive: true });
});
