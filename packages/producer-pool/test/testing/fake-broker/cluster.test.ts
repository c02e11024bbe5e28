import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { describe, expect, test } from 'vitest';

import { createProducerPool } from '../../../src/index.ts';
import { kafkaJsDriver } from '../../../src/kafkajs/index.ts';
import { type FakeCluster, startFakeCluster } from '../../../src/testing/index.ts';

const clientOf = (cluster: FakeCluster): Kafka =>
  new Kafka({ clientId: 'test', brokers: [...cluster.bootstrap], logLevel: logLevel.NOTHING });

const textOf = (part: Buffer | null): string | undefined => part?.toString('utf8');

describe('fake broker', () => {
  test('R-KP-6 what kafkajs produces is in the log, with keys, headers, timestamps and offsets', async () => {
    await using cluster = await startFakeCluster({ topics: { t: 2 } });
    const producer = clientOf(cluster).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const answers = await producer.send({
      topic: 't',
      messages: [
        { partition: 1, key: 'grüße', value: 'a', headers: { h: '1' }, timestamp: '1700000000000' },
        { partition: 1, key: null, value: null, timestamp: '1700000000005' },
        { partition: 0, key: '', value: '', timestamp: '1700000000000' },
      ],
    });
    await producer.disconnect();
    expect(answers).toMatchObject([
      { topicName: 't', errorCode: 0, baseOffset: '0' },
      { topicName: 't', errorCode: 0, baseOffset: '0' },
    ]);
    expect(cluster.log('t')).toMatchObject([
      { partition: 0, offset: 0n, key: Buffer.alloc(0), value: Buffer.alloc(0), producerId: -1n },
      {
        partition: 1,
        offset: 0n,
        key: Buffer.from('grüße'),
        value: Buffer.from('a'),
        headers: [{ name: 'h', value: Buffer.from('1') }],
        timestampMs: 1_700_000_000_000,
      },
      { partition: 1, offset: 1n, key: null, value: null, headers: [], timestampMs: 1_700_000_000_005 },
    ]);
    await cluster.disconnected();
    expect(cluster.sockets()).toBe(0);
  });

  test.each([true, false])('R-KP-6 a pool publishes to it, idempotent: %s', async (idempotent) => {
    await using cluster = await startFakeCluster({ topics: { t: 6 } });
    await using pool = createProducerPool({
      driver: kafkaJsDriver({ brokers: cluster.bootstrap, clientId: 'test' }),
      idempotent,
      compression: 'gzip',
    });
    await pool.start();
    const values = Array.from({ length: 300 }, (_, n) => `${n}`);
    const acks = await Promise.all(values.map((value) => pool.publish({ topic: 't', key: `k${value}`, value })));
    const log = cluster.log('t');
    expect(log.length).toBe(300);
    for (const [n, ack] of acks.entries()) {
      const found = log.find(({ partition, offset }) => partition === ack.partition && offset === ack.offset);
      expect(textOf(found?.value ?? null)).toBe(`${n}`);
    }
    expect(log.every(({ producerId }) => producerId >= 0n === idempotent)).toBe(true);
    expect(cluster.violations()).toEqual([]);
  });

  test('R-KP-6 a partition keeps as many of its newest batches as it is told to, and counts all', async () => {
    await using cluster = await startFakeCluster({ topics: { t: { retentionBytes: 2_500 } } });
    const producer = clientOf(cluster).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const send = (value: string): Promise<unknown> =>
      producer.send({ topic: 't', messages: [{ partition: 0, value: value.repeat(1_000) }] });
    // Four batches, in any order: kafkajs does not keep it.
    await Promise.all(['a', 'b', 'c', 'd'].map(send));
    expect(cluster.log('t').map(({ offset }) => offset)).toEqual([2n, 3n]);
    expect(cluster.endOffsets('t')).toEqual([4n]);
    // One that is larger than all that is kept is gone at once.
    await producer.send({ topic: 't', messages: [{ partition: 0, value: 'e'.repeat(3_000) }] });
    expect(cluster.log('t')).toEqual([]);
    expect(cluster.endOffsets('t')).toEqual([5n]);
    await producer.disconnect();
  });

  test('R-KP-6 the log can be read back after compression', async () => {
    await using cluster = await startFakeCluster({ topics: { t: 1 } });
    const producer = clientOf(cluster).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const messages = Array.from({ length: 100 }, (_, n) => ({ value: `value ${n}` }));
    await producer.send({ topic: 't', messages, compression: CompressionTypes.GZIP });
    await producer.disconnect();
    expect(cluster.log('t').map(({ value }) => textOf(value))).toEqual(messages.map(({ value }) => value));
  });
});
