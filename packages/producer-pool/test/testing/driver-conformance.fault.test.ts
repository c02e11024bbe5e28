/** The row that takes several real brokers, for the drivers of real clients; for the others see `one-broker.ts`. */
import type { BreakableKafka } from '@busbar-tooling/dev-services';
import { requireService } from '@busbar-tooling/test-kit/require-service';
import { beforeEach, describe, test, vi } from 'vitest';

import type { KafkaConnectionOptions, ProducerDriver } from '../../src/index.ts';
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import { platformaticDriver } from '../../src/platformatic/index.ts';
import { describeDriverConformance } from '../../src/testing/index.ts';
import { realConformance } from './real-conformance.ts';

vi.setConfig({ testTimeout: 90_000 });

let three: BreakableKafka;

beforeEach(async (ctx) => {
  three = await requireService(ctx, 'kafka-3');
}, 180_000);

describe.each<[string, (o: KafkaConnectionOptions) => ProducerDriver]>([
  ['kafkajs', kafkaJsDriver],
  ['platformatic', platformaticDriver],
])('%s on real Kafka', (_, driver) => {
  const cluster = async () => realConformance(three);
  describeDriverConformance({ test, driver, idempotent: [true], rows: ['DC-3'], cluster });
});
