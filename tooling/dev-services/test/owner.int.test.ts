import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { expect, test } from 'vitest';

import { isFree } from '../src/ports.ts';
import { childrenOf, isAlive, type ProcessRef, processRef, selfRef } from '../src/process.ts';
import { openRun } from '../src/reaper.ts';
import { baseFolder, endRun, findRun, makeRunFolder, sweepDeadRuns } from '../src/run-folder.ts';
import { spawnInRun } from '../src/run-process.ts';
import { runProgram } from './children.ts';
import { requirePostgres } from './require.ts';

const START = `
  const server = await services.startPostgres();
  const run = await services.openRun();
  console.log(JSON.stringify({ port: server.port, folder: run.folder }));`;

interface Started {
  readonly port: number;
  readonly folder: string;
}

const isStarted = (value: unknown): value is Started =>
  typeof value === 'object' && value !== null && 'port' in value && 'folder' in value;

const startedBy = (line: string): Started => {
  const value: unknown = JSON.parse(line);
  if (!isStarted(value)) throw new Error(line);
  return value;
};

/** The processes on a run's ledger, and its reaper. */
const processesOf = (folder: string): readonly ProcessRef[] =>
  [
    ...readdirSync(join(folder, 'processes')).map((name) => Number(name.split('-')[0])),
    Number(readFileSync(join(folder, 'reaper'), 'utf8')),
  ]
    .map((pid) => processRef(pid))
    .filter((ref) => ref !== undefined);

const expectNothingLeft = async ({ port, folder }: Started, processes: readonly ProcessRef[]): Promise<void> => {
  const left = (): readonly unknown[] => [
    ...processes.filter(isAlive),
    ...readdirSync(baseFolder()).filter((name) => name.includes(basename(folder))),
  ];
  await expect.poll(left, { timeout: 2_000 }).toEqual([]);
  expect([existsSync(join(baseFolder(), 'ports', String(port))), await isFree(port)]).toEqual([false, true]);
};

test('an owner that is killed leaves no process, no folder and no port, frozen servers included', async (ctx) => {
  await requirePostgres(ctx);
  const program = runProgram(`${START} await server.freeze(); console.log('frozen'); setInterval(() => {}, 1e6);`);
  const started = startedBy(await program.line());
  await program.line();
  const processes = processesOf(started.folder);
  expect(processes).toHaveLength(2);
  program.child.kill('SIGKILL');
  await program.ended;
  await expectNothingLeft(started, processes);
});

test('a failing program keeps its exit status 1, and one that only waits for nothing ends by itself', async (ctx) => {
  await requirePostgres(ctx);
  const program = runProgram(`${START} process.exitCode = 1;`);
  const started = startedBy(await program.line());
  expect(await program.ended).toEqual([1, null]);
  await expectNothingLeft(started, []);
});

test('a forked program with services ends by itself', async (ctx) => {
  await requirePostgres(ctx);
  const program = runProgram(START, { ipc: true });
  const started = startedBy(await program.line());
  expect(await program.ended).toEqual([0, null]);
  await expectNothingLeft(started, []);
});

test('two owners side by side do not disturb each other', async (ctx) => {
  await requirePostgres(ctx);
  const programs = [1, 2].map(() => runProgram(`${START} setInterval(() => {}, 1e6);`));
  const [one, two] = await Promise.all(programs.map(async (program) => startedBy(await program.line())));
  if (one === undefined || two === undefined) throw new Error('not started');
  expect(one.port).not.toBe(two.port);
  expect(one.folder).not.toBe(two.folder);
  programs[0]?.child.kill('SIGKILL');
  await expectNothingLeft(one, []);
  expect([await isFree(two.port), findRun(two.folder)?.folder]).toEqual([false, two.folder]);
  programs[1]?.child.kill('SIGTERM');
  await programs[1]?.ended;
  await expectNothingLeft(two, []);
});

test('a run whose owner died together with its reaper is swept by the next run, and a living one is not', async () => {
  const program = runProgram('setInterval(() => {}, 1e6); console.log(1);');
  await program.line();
  const owner = processRef(program.child.pid ?? 0);
  if (owner === undefined) throw new Error('no process');
  const { run } = makeRunFolder(owner); // nobody watches it
  writeFileSync(join(run.folder, 'ports', '20000'), '');
  await sweepDeadRuns();
  expect(existsSync(run.folder)).toBe(true);
  program.child.kill('SIGKILL');
  await program.ended;
  await sweepDeadRuns();
  expect(existsSync(run.folder)).toBe(false);
});

test('a run ends once, however many ask for it', async () => {
  const program = runProgram('setInterval(() => {}, 1e6); console.log(1);');
  await program.line();
  const { run } = makeRunFolder(processRef(program.child.pid ?? 0) ?? selfRef());
  await Promise.all(Array.from({ length: 5 }, () => endRun(run.folder)));
  expect(existsSync(run.folder)).toBe(false);
  program.child.kill('SIGKILL');
  await program.ended;
});

test('an owner has one run, and a reaper that is up', async () => {
  const [first, second] = await Promise.all([openRun(), openRun()]);
  expect(first).toEqual(second);
  expect(processRef(Number(readFileSync(join(first.folder, 'reaper'), 'utf8')))).toBeDefined();
});

test('a server that is started while its run ends does not outlive it', async () => {
  const { run } = makeRunFolder({ pid: process.pid, startedAt: 'another time' });
  await endRun(run.folder);
  const before = new Set(childrenOf(process.pid).map(({ pid }) => pid));
  const late = spawnInRun(run, {
    command: 'sleep',
    args: ['600'],
    logFile: '/dev/null',
    cwd: '/',
    env: process.env,
  });
  await expect(late).rejects.toMatchObject({ code: 'ENOENT' });
  expect(childrenOf(process.pid).filter(({ pid }) => !before.has(pid))).toEqual([]);
});
