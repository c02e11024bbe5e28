/** The conformance rows that one real broker behind a proxy can be made to show, for the driver of a real client. */
import { type KafkaCluster, startKafka } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { createProducerPool, type KafkaConnectionOptions, type ProducerDriver } from '../../src/index.ts';
import { describeDriverConformance } from '../../src/testing/index.ts';
import { problemsOf } from '../chaos/chaos-report.ts';
import { refuseAfterAppend } from '../chaos/real-kafka-doubt.ts';
import { realConformance } from './real-conformance.ts';

const ROWS = ['DC-1', 'DC-4', 'DC-8', ...[10, 11, 12, 13, 14, 15, 16, 18].map((n) => `DC-${n}`)];

export const describeOnOneBroker = (name: string, driver: (o: KafkaConnectionOptions) => ProducerDriver): void => {
  vi.setConfig({ testTimeout: 90_000 });

  let starting: Promise<KafkaCluster> | undefined;
  const proxied = async (): Promise<KafkaCluster> => {
    starting ??= startKafka({ proxied: true, security: ['tls', 'sasl'], settings: { 'quota.window.num': '2' } });
    return starting;
  };
  beforeEach(async (ctx) => {
    await requireService(ctx, 'kafka');
    await proxied();
  }, 180_000);
  afterAll(async () => {
    await (await starting)?.[Symbol.asyncDispose]();
  });

  describe(`${name} on real Kafka`, () => {
    const cluster = async () => {
      const kafka = await proxied();
      return realConformance(kafka, kafka.certificates);
    };
    describeDriverConformance({ test, driver, idempotent: [true], rows: ROWS, cluster });

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
  });
};
