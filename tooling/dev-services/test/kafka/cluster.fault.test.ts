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

/** Led by a node of its choice, or by the one that is asked for. */
const topicWithRecord = async (first?: number): Promise<{ topic: string; leader: number }> => {
  const topic = `fault-${process.pid}-${performance.now().toFixed(0)}`;
  const others = [1, 2, 3].filter((id) => id !== first);
  await kafka.createTopic(topic, first === undefined ? { partitions: 1 } : { assignments: [[first, ...others]] });
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

test('another process of the run attaches to the same nodes', async () => {
  const again = await sharedKafkaCluster();
  expect(again.available && [again.brokers, again.nodes.map((node) => node.pid)]).toEqual([
    kafka.brokers,
    kafka.nodes.map((node) => node.pid),
  ]);
});

test('R-PR-1 a leader that hangs past its session is replaced and joins again; what it was sent meanwhile is not kept unless acknowledged', async () => {
  const [quiet, busy] = [await topicWithRecord(1), await topicWithRecord(1)];
  kafka.node(1).pause();
  const sending = send(busy.topic, 'to the zombie', 0).then(
    () => 'acknowledged',
    () => 'refused',
  );
  await Promise.all([newLeader(quiet.topic, 1), newLeader(busy.topic, 1)]);
  await Promise.all([send(quiet.topic, 'after', 1), send(busy.topic, 'after', 1)]);
  kafka.node(1).resume();
  const toTheZombie = await sending;
  await kafka.heal();
  expect(await valuesIn(quiet.topic)).toEqual(['before', 'after']);
  const acknowledged = ['before', 'after', ...(toTheZombie === 'acknowledged' ? ['to the zombie'] : [])];
  expect(await valuesIn(busy.topic)).toEqual(expect.arrayContaining(acknowledged));
});

test('R-PR-1 a leader moves to the replica that is asked for, and to no other node', async () => {
  const topic = `moves-${process.pid}`;
  await kafka.createTopic(topic, {
    assignments: [
      [1, 2],
      [3, 2],
    ],
  });
  expect([await kafka.leader(topic, 0), await kafka.leader(topic, 1)]).toEqual([1, 3]);
  for (const node of [2, 1, 1]) {
    // oxlint-disable no-await-in-loop -- one move after the other
    await kafka.moveLeader(topic, 0, node);
    await expect.poll(() => kafka.leader(topic, 0), { timeout: 10_000 }).toBe(node);
    // oxlint-enable no-await-in-loop
  }
  await expect(kafka.moveLeader(topic, 0, 3)).rejects.toThrow('none of the replicas of');
});

test('R-PR-1 a topic takes records up to what it is configured for, and again more when that is undone', async () => {
  const { topic } = await topicWithRecord();
  const isTaken = (): Promise<boolean> =>
    send(topic, 'x'.repeat(2_000)).then(
      () => true,
      () => false,
    );
  await kafka.configureTopic(topic, { 'max.message.bytes': '1000' });
  await expect.poll(isTaken, { timeout: 10_000 }).toBe(false);
  await kafka.configureTopic(topic, { 'max.message.bytes': undefined });
  await expect.poll(isTaken, { timeout: 10_000 }).toBe(true);
  await expect(kafka.configureTopic('nowhere', { 'max.message.bytes': '1' })).rejects.toThrow('was not configured');
});
