/** The rows that real brokers can be made to show, for the drivers of real clients. */
import { type KafkaCluster, startKafka } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { afterAll, beforeEach, describe, test, vi } from 'vitest';

import type { KafkaConnectionOptions, ProducerDriver } from '../../src/index.ts';
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import { platformaticDriver } from '../../src/platformatic/index.ts';
import { describeDriverConformance } from '../../src/testing/index.ts';
import { realConformance } from './real-conformance.ts';

vi.setConfig({ testTimeout: 90_000 });

let starting: Promise<KafkaCluster> | undefined;
let kafka: KafkaCluster;

beforeEach(async (ctx) => {
  const { source } = await requireService(ctx, 'kafka');
  if (source !== 'maven') ctx.skip('the faults need brokers of ours');
  starting ??= startKafka({
    nodes: 3,
    proxied: true,
    security: ['tls', 'sasl'],
    settings: { 'quota.window.num': '2' },
  });
  kafka = await starting;
}, 120_000);
afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
});

describe.each<[string, (o: KafkaConnectionOptions) => ProducerDriver]>([
  ['kafkajs', (o) => kafkaJsDriver({ ...o, patchIdleTimer: true })],
  ['platformatic', platformaticDriver],
])('%s on real Kafka', (_, driver) => {
  describeDriverConformance({
    test,
    driver,
    cluster: async () => realConformance(kafka),
    rows: ['DC-1', 'DC-3', 'DC-4', 'DC-8', ...[10, 11, 12, 13, 14, 15, 16, 18].map((n) => `DC-${n}`)],
    idempotent: [true],
  });
});
