import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { expect, test } from 'vitest';

import { testTopic, useTestTopic } from '../src/test-topic.ts';

const topic = useTestTopic({ partitions: 2 });
const aNumber: unknown = expect.any(Number);

const produce = async (brokers: readonly string[], name: string): Promise<void> => {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = [
    { partition: 1, key: 'clé', value: 'tab\t line\n back\\slash', headers: { ce_id: 'a:b,c', empty: '' } },
    { partition: 1, key: null, value: null },
    { partition: 0, key: Buffer.from([0, 255]), value: 'v' },
  ];
  for (const message of messages) {
    // oxlint-disable-next-line no-await-in-loop -- their order is part of the test
    await producer.send({ topic: name, messages: [message] });
  }
  await producer.disconnect();
};

test('what was produced is read back byte for byte by the Java consumer, by partition and offset', async () => {
  const { name, brokers } = topic();
  await produce(brokers, name);
  const records = await topic().read();
  expect(records).toEqual([
    {
      partition: 0,
      offset: 0,
      key: Buffer.from([0, 255]),
      value: Buffer.from('v'),
      headers: [],
      timestampMs: aNumber,
    },
    {
      partition: 1,
      offset: 0,
      key: Buffer.from('clé'),
      value: Buffer.from('tab\t line\n back\\slash'),
      headers: [
        { name: 'ce_id', value: Buffer.from('a:b,c') },
        { name: 'empty', value: Buffer.from('') },
      ],
      timestampMs: aNumber,
    },
    { partition: 1, offset: 1, key: null, value: null, headers: [], timestampMs: aNumber },
  ]);
  expect(await topic().read({ maxRecords: 1 })).toHaveLength(1);
});

test('an empty topic reads as nothing, and a topic has the settings it was asked for', async (ctx) => {
  const small = await testTopic(ctx, { configs: { 'max.message.bytes': '1000' } });
  expect([await small.read(), small.partitions, await small.kafka.leader(small.name, 0)]).toEqual([[], 1, 1]);
  const kafka = new Kafka({ brokers: [...small.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, retry: { retries: 0 } });
  await producer.connect();
  const tooLarge = { topic: small.name, messages: [{ value: 'x'.repeat(5_000) }] };
  await expect(producer.send(tooLarge)).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
  await producer.disconnect();
});
