import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { type BreakableKafka, sharedKafkaCluster } from '../../src/index.ts';
import { requireKafka } from '../require.ts';

vi.setConfig({ testTimeout: 120_000 });

let kafka: BreakableKafka;

beforeEach(async (ctx) => {
  await requireKafka(ctx);
  const cluster = await sharedKafkaCluster();
  if (!cluster.available) throw new Error(cluster.reason);
  kafka = cluster;
}, 180_000);
afterEach(async () => {
  await kafka?.heal();
}, 120_000);

/** By a producer that knows the serving nodes only: one that has met a paused node waits for its request timeouts first. */
const send = async (topic: string, value: string, without = 0): Promise<void> => {
  const brokers = kafka.nodes.filter((node) => node.id !== without).map((node) => node.address);
  const client = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [{ value }], acks: -1 });
  await producer.disconnect();
};

const newLeader = async (topic: string, old: number): Promise<number> => {
  let leader = old;
  await expect
    .poll(
      async () => {
        leader = await kafka.leader(topic, 0);
        return leader >= 1 && leader !== old;
      },
      { timeout: 30_000, interval: 100 },
    )
    .toBe(true);
  return leader;
};

const topicWithRecord = async (): Promise<{ topic: string; leader: number }> => {
  const topic = `fault-${process.pid}-${performance.now().toFixed(0)}`;
  await kafka.createTopic(topic, { partitions: 1 });
  await send(topic, 'before');
  return { topic, leader: await kafka.leader(topic, 0) };
};

const valuesIn = async (topic: string): Promise<unknown> =>
  (await kafka.readWithJava(topic)).map((record) => record.value?.toString());

test('the death of a leader moves it to another node, without loss', async () => {
  const { topic, leader } = await topicWithRecord();
  await kafka.node(leader).kill();
  await newLeader(topic, leader);
  await send(topic, 'after', leader);
  expect(await valuesIn(topic)).toEqual(['before', 'after']);
  await kafka.heal();
  expect(kafka.nodes.map((node) => node.isRunning())).toEqual([true, true, true]);
});

test('a leader that hangs past its session is replaced, and joins again when it goes on', async () => {
  const { topic, leader } = await topicWithRecord();
  kafka.node(leader).pause();
  await newLeader(topic, leader);
  await send(topic, 'after', leader);
  await kafka.heal();
  expect(await valuesIn(topic)).toEqual(['before', 'after']);
});

test('another process of the run attaches to the same nodes', async () => {
  const again = await sharedKafkaCluster();
  expect(again.available && [again.brokers, again.nodes.map((node) => node.pid)]).toEqual([
    kafka.brokers,
    kafka.nodes.map((node) => node.pid),
  ]);
});

test('R-PR-1 a zombie leader that wakes up after the move takes nothing that is kept: what was acknowledged is all there', async () => {
  const { topic, leader } = await topicWithRecord();
  kafka.node(leader).pause();
  const sending = send(topic, 'to the zombie', 0).then(
    () => 'acknowledged',
    () => 'refused',
  );
  await newLeader(topic, leader);
  await send(topic, 'after', leader);
  kafka.node(leader).resume();
  const toTheZombie = await sending;
  await kafka.heal();
  const values = await valuesIn(topic);
  const acknowledged = ['before', 'after', ...(toTheZombie === 'acknowledged' ? ['to the zombie'] : [])];
  expect(values).toEqual(expect.arrayContaining(acknowledged));
});
