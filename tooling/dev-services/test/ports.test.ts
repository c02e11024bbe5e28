import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { DevServiceError } from '../src/errors.ts';
import { isFree, portRange, releasePorts, reservePorts } from '../src/ports.ts';
import { openRun } from '../src/reaper.ts';
import { baseFolder } from '../src/run-folder.ts';

const always = { isFree: () => Promise.resolve(true) };

test('ports are chosen below the ephemeral range, so that a server that is down cannot lose its port to a client', () => {
  expect(portRange('32768\t60999\n')).toEqual({ from: 20_000, to: 29_999 });
  expect(portRange('25000 60999')).toEqual({ from: 15_000, to: 24_999 });
  expect(portRange('1024 65535')).toEqual({ from: 20_000, to: 29_999 });
  expect(portRange('')).toEqual({ from: 20_000, to: 29_999 });
});

test('a reserved port is not given out again until it is released', async () => {
  const run = await openRun();
  const random = (): number => 0.5;
  const first = await reservePorts(run, 2, { ...always, random });
  const second = await reservePorts(run, 2, { ...always, random });
  expect(new Set([...first, ...second]).size).toBe(4);
  releasePorts(run, first);
  expect(await reservePorts(run, 2, { ...always, random })).toEqual(first);
  releasePorts(run, [...first, ...second]);
  expect([...first, ...second].some((port) => existsSync(join(baseFolder(), 'ports', String(port))))).toBe(false);
});

test('a port that somebody listens on is passed over, also when it is bound to all addresses', async () => {
  const run = await openRun();
  const [taken = 0] = await reservePorts(run, 1);
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(taken, '0.0.0.0', resolve);
  });
  expect(await isFree(taken)).toBe(false);
  releasePorts(run, [taken]);
  const from = portRange('32768').from;
  const [next] = await reservePorts(run, 1, { isFree, random: () => (taken - from) / 10_000 });
  expect(next).not.toBe(taken);
  releasePorts(run, [next ?? 0]);
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

test('without a free port it says so and keeps none', async () => {
  const run = await openRun();
  const failure = reservePorts(run, 1, { isFree: () => Promise.resolve(false), random: () => 0 });
  await expect(failure).rejects.toThrow(DevServiceError);
  await expect(failure).rejects.toMatchObject({ code: 'PORTS_EXHAUSTED' });
});
