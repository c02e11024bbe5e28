import { testTopic } from '@busbar-tooling/test-kit/test-topic';
import { describe, expect, test } from 'vitest';

import { createProducerPool } from '../src/index.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';

describe('producer pool on real Kafka', () => {
  test('R-KP-6 publishes are acknowledged with the offsets they have in the log', async (ctx) => {
    const topic = await testTopic(ctx, { partitions: 3 });
    const driver = kafkaJsDriver({ brokers: topic.brokers, clientId: 'test' });
    await using pool = createProducerPool({ driver, topics: [topic.name] });
    await pool.start();
    const keys = Array.from({ length: 300 }, (_, n) => `key-${n % 30}`);
    const acks = await Promise.all(
      keys.map((key, n) => pool.publish({ topic: topic.name, key, value: `${n}`, headers: { n: `${n}` } })),
    );
    const log = await topic.read();
    expect(log.length).toBe(300);
    for (const [n, ack] of acks.entries()) {
      const record = log.find((found) => found.partition === ack.partition && BigInt(found.offset) === ack.offset);
      expect(record?.value?.toString()).toBe(`${n}`);
      expect(record?.key?.toString()).toBe(keys[n]);
      expect(record?.timestampMs).toBe(ack.timestampMs);
    }
  });
});
