import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';

import { type Services, startServices } from '../src/index.ts';
import { environmentLines } from '../src/report.ts';
import { runProgram } from './children.ts';
import { requireKafka, requirePostgres } from './require.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Both services for the file. */
let starting: Promise<Services> | undefined;
let services: Services;
const log: string[] = [];

beforeEach(async (ctx) => {
  await requirePostgres(ctx);
  await requireKafka(ctx);
  starting ??= startServices({ log: (line) => log.push(line) });
  services = await starting;
}, 120_000);
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await services?.[Symbol.asyncDispose]();
});

/** The environment of a developer who has these servers. */
const configure = (): void => {
  for (const line of environmentLines(services)) {
    const [name = '', value] = line.split('=');
    if (name.startsWith('BUSBAR_')) vi.stubEnv(name, value);
  }
};

test('both services are found, told of, and described in a file for their owner alone', () => {
  expect(log.toSorted()).toEqual([
    expect.stringMatching(/^Kafka 4\.\d+\.\d+ \(maven\)$/),
    'PostgreSQL 18.4 (embedded)',
  ]);
  expect(existsSync(services.stateFile)).toBe(true);
  expect(statSync(services.stateFile).mode & 0o077).toBe(0);
});

test('another process attaches by the state file and starts nothing', async () => {
  vi.stubEnv('DEV_SERVICES_STATE', services.stateFile);
  const program = runProgram(`
    const [postgres, kafka] = await Promise.all([services.sharedPostgres(), services.sharedKafka()]);
    console.log(postgres.available && postgres.port, kafka.available && kafka.brokers.join());`);
  const { postgres, kafka } = services;
  expect(await program.line()).toBe(
    `${postgres.available && postgres.port} ${kafka.available && kafka.brokers.join(',')}`,
  );
  expect(await program.ended).toEqual([0, null]);
});

test('configured servers are used as they are, and are not ours to break', async () => {
  configure();
  await using configured = await startServices();
  const { postgres, kafka } = configured;
  if (!postgres.available || !kafka.available) throw new Error('not found');
  expect([postgres.source, postgres.version, kafka.source, kafka.nodes]).toEqual([
    'configured',
    '18.4',
    'configured',
    [],
  ]);
  await expect(postgres.kill()).rejects.toMatchObject({ code: 'UNSUPPORTED_FAULT' });
  await expect(postgres.freeze()).rejects.toMatchObject({ code: 'UNSUPPORTED_FAULT' });
  expect(() => kafka.node(1)).toThrow('not ours to break');
  await kafka.createTopic('on-configured-brokers', { partitions: 2 });
  expect(await kafka.leader('on-configured-brokers', 1)).toBe(1);
});

test('a configured server that does not answer is missing, with the reason; nothing else is started in its place', async () => {
  vi.stubEnv('BUSBAR_POSTGRES_HOST', '127.0.0.1');
  vi.stubEnv('BUSBAR_POSTGRES_PORT', '1');
  vi.stubEnv('BUSBAR_KAFKA_BROKERS', '127.0.0.1:1,127.0.0.1:2');
  await using none = await startServices();
  expect(none.postgres).toMatchObject({
    available: false,
    reason: 'the configured PostgreSQL at 127.0.0.1:1 does not answer',
  });
  expect(none.kafka).toMatchObject({
    available: false,
    reason: 'none of the configured brokers 127.0.0.1:1, 127.0.0.1:2 answers',
  });
});

test('a service that was not asked for is not started', async () => {
  await using none = await startServices({ postgres: false, kafka: false });
  expect([none.postgres.available, none.kafka.available]).toEqual([false, false]);
});

test('the command line says what is there and what is wrong with a command', () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const run = (...args: readonly string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  expect(run('doctor').stdout).toMatch(/^PostgreSQL: from embedded\n/);
  expect(run('status').stdout).toContain(`of process ${process.pid}`);
  const wrong = run('upp');
  expect([wrong.status, wrong.stdout]).toEqual([2, expect.stringContaining('usage')]);
});
