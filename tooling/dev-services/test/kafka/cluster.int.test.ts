import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeEach, expect, test } from 'vitest';

import { type KafkaService, startKafka } from '../../src/index.ts';
import { isFree } from '../../src/ports.ts';
import { requireKafka } from '../require.ts';

/** One broker for the file: the tests leave it running. */
let starting: Promise<KafkaService> | undefined;
let kafka: KafkaService;

beforeEach(async (ctx) => {
  await requireKafka(ctx);
  starting ??= startKafka();
  kafka = await starting;
}, 120_000);
afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
});

const produce = async (topic: string, values: readonly string[]): Promise<void> => {
  const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value })), acks: -1 });
  await producer.disconnect();
};

const valuesIn = async (topic: string): Promise<unknown> =>
  (await kafka.readWithJava(topic)).map((record) => record.value?.toString());

test('records survive the death of the broker, which comes back on its port', { timeout: 90_000 }, async () => {
  await kafka.createTopic('survivors', { partitions: 1 });
  await produce('survivors', ['one', 'two']);
  const node = kafka.node(1);
  await node.kill();
  expect([node.isRunning(), node.pid, await isFree(Number(node.address.split(':')[1]))]).toEqual([
    false,
    undefined,
    true,
  ]);
  await node.start();
  await kafka.heal();
  await produce('survivors', ['three']);
  expect(await valuesIn('survivors')).toEqual(['one', 'two', 'three']);
});

test('a paused broker answers nothing and goes on where it was', { timeout: 60_000 }, async () => {
  await kafka.createTopic('paused', { partitions: 1 });
  kafka.node(1).pause();
  let sent = false;
  const sending = produce('paused', ['late']).finally(() => {
    sent = true;
  });
  const silence = new Promise((resolve) => {
    setTimeout(resolve, 300, 'silent');
  });
  expect(await Promise.race([sending, silence])).toBe('silent');
  expect([sent, kafka.node(1).isRunning()]).toEqual([false, true]);
  kafka.node(1).resume();
  await sending;
  expect(await valuesIn('paused')).toEqual(['late']);
});

test('without a running broker that is what is said', { timeout: 60_000 }, async () => {
  await kafka.node(1).stop();
  await expect(kafka.createTopic('nowhere')).rejects.toMatchObject({ code: 'NOT_AVAILABLE', reason: 'no broker runs' });
  await kafka.heal();
});

test('a topic that exists is refused with the broker’s own words, and an unknown node with its number', async () => {
  await kafka.createTopic('once');
  await expect(kafka.createTopic('once')).rejects.toThrow("Topic 'once' already exists");
  expect(await kafka.leader('once', 5)).toBe(1);
  expect(await kafka.leader('once', 6)).toBe(-1);
  expect(() => kafka.node(2)).toThrow(RangeError);
});
