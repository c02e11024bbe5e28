/** The rows that real brokers can be made to show, for the drivers of real clients. */
import { type BreakableKafka, type KafkaCluster, startKafka } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { createProducerPool, type KafkaConnectionOptions, type ProducerDriver } from '../../src/index.ts';
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import { platformaticDriver } from '../../src/platformatic/index.ts';
import { describeDriverConformance } from '../../src/testing/index.ts';
import { problemsOf } from '../chaos/chaos-report.ts';
import { refuseAfterAppend } from '../chaos/real-kafka-doubt.ts';
import { realConformance } from './real-conformance.ts';

vi.setConfig({ testTimeout: 90_000 });

/** One broker behind a proxy for the rows that need no second one. */
let starting: Promise<KafkaCluster> | undefined;
const proxied = async (): Promise<KafkaCluster> => {
  starting ??= startKafka({ proxied: true, security: ['tls', 'sasl'], settings: { 'quota.window.num': '2' } });
  return starting;
};
let three: BreakableKafka;

beforeEach(async (ctx) => {
  three = await requireService(ctx, 'kafka-3');
  await proxied();
}, 180_000);
afterAll(async () => {
  await (await starting)?.[Symbol.asyncDispose]();
});

const ROWS = ['DC-1', 'DC-4', 'DC-8', ...[10, 11, 12, 13, 14, 15, 16, 18].map((n) => `DC-${n}`)];

describe.each<[string, (o: KafkaConnectionOptions) => ProducerDriver]>([
  ['kafkajs', (o) => kafkaJsDriver({ ...o, patchIdleTimer: true })],
  ['platformatic', platformaticDriver],
])('%s on real Kafka', (name, driver) => {
  const idempotent = [true];
  const alone = async () => {
    const kafka = await proxied();
    return realConformance(kafka, kafka.certificates);
  };
  describeDriverConformance({ test, driver, idempotent, rows: ROWS, cluster: alone });

  test('R-KP-6 LN-6 what was appended and then refused swallows no later record', async () => {
    const kafka = await proxied();
    await using pool = createProducerPool({
      driver: driver({ brokers: kafka.listeners.proxied, clientId: 'doubt' }),
      requestTimeoutMs: 3_000,
      connectTimeoutMs: 1_000,
    });
    await pool.start();
    const report = await refuseAfterAppend({ kafka, pool, topic: `doubt-${name}` });
    expect(problemsOf(report)).toEqual([]);
    expect(report.acknowledged).toBe(2);
  });

  describeDriverConformance({ test, driver, idempotent, rows: ['DC-3'], cluster: async () => realConformance(three) });
});
