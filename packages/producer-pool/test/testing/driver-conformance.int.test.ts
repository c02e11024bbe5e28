/** Every row on the fake broker, for the drivers of real clients; what needs no network, for the memory driver. */
import { testCertificates } from '@busbar-tooling/dev-services';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { KafkaConnectionOptions, ProducerDriver } from '../../src/index.ts';
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import { platformaticDriver } from '../../src/platformatic/index.ts';
import {
  type ConformanceDoor,
  describeDriverConformance,
  type FakeCluster,
  conformanceRowIds,
  fakeConformance,
  memoryDriver,
  startFakeCluster,
} from '../../src/testing/index.ts';
import { door } from './real-conformance.ts';

vi.setConfig({ testTimeout: 60_000 });

const certificates = testCertificates();
const CREDENTIALS = { username: 'alice', password: 'alice-secret' };

let cluster: FakeCluster;
const guarded: FakeCluster[] = [];
let doors: readonly ConformanceDoor[] = [];

const at = async (tls: boolean): Promise<readonly string[]> => {
  const started = await startFakeCluster({
    brokers: 1,
    ...(tls ? { tls: certificates.server, sasl: CREDENTIALS } : {}),
  });
  guarded.push(started);
  return started.bootstrap;
};

beforeAll(async () => {
  cluster = await startFakeCluster();
  const [brokers, plain] = await Promise.all([at(true), at(false)]);
  const tls = { ca: certificates.ca };
  const sasl = { mechanism: 'scram-sha-256', ...CREDENTIALS } as const;
  doors = [
    door('the right password', undefined, { brokers, tls, sasl }),
    door('PLAIN', undefined, { brokers, tls, sasl: { ...sasl, mechanism: 'plain' } }),
    door('a wrong password', 'SASL_AUTHENTICATION_FAILED', { brokers, tls, sasl: { ...sasl, password: 'wrong' } }),
    door('an unknown authority', 'TLS', { brokers, tls: true, sasl }),
    door('another host', 'TLS', { brokers, tls: { ...tls, servername: 'elsewhere.invalid' }, sasl }),
    door('plain text', undefined, { brokers: plain }),
  ];
});
afterAll(async () => {
  await Promise.all([cluster, ...guarded].map((one) => one.close()));
});

describe.each<[string, (o: KafkaConnectionOptions) => ProducerDriver]>([
  ['kafkajs', (o) => kafkaJsDriver({ ...o, patchIdleTimer: true })],
  ['platformatic', platformaticDriver],
])('%s', (_, driver) => {
  describeDriverConformance({ test, driver, cluster: async () => ({ ...fakeConformance(cluster), doors }) });
});

describe('memory', () => {
  const names = Array.from({ length: 20 }, (_, n) => `t${n}`);
  const memory = memoryDriver({ topics: Object.fromEntries(names.map((name) => [name, 3])) });
  describeDriverConformance({
    test,
    driver: () => memory,
    rows: ['DC-1', 'DC-2', 'DC-11', 'DC-12', 'DC-15', 'DC-16', 'DC-18', 'DC-19'],
    cluster: async () => ({
      brokers: [],
      newTopic: async () => names.pop() ?? '',
      log: async (topic) =>
        memory.log(topic).map(({ partition, offset, timestampMs, key, value, headers }) => ({
          partition,
          offset,
          timestampMs,
          key: key === null ? null : Buffer.from(key),
          value: value === null ? null : Buffer.from(value),
          headers: Object.entries(headers).map(([name, header]) => ({ name, value: Buffer.from(header) })),
        })),
      stop: async () => {
        memory.down();
        return async () => memory.up();
      },
    }),
  });
});

test('R-KP-6 a row that the cluster cannot serve fails, instead of passing untried', async () => {
  const tests: (() => Promise<void>)[] = [];
  describeDriverConformance({
    test: (_, run) => tests.push(run),
    driver: () => memoryDriver(),
    rows: [3, 4, 5, 6, 7, 8, 9, 13, 14, 17, 18, 20, 21].map((row) => `DC-${row}`),
    cluster: async () => ({ brokers: [], newTopic: async () => '', log: async () => [] }),
  });
  expect(tests).toHaveLength(24);
  for (const run of tests) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(run()).rejects.toThrow('cannot be tried on this cluster');
  }
  expect(conformanceRowIds).toEqual(Array.from({ length: 21 }, (_, n) => `DC-${n + 1}`));
});
