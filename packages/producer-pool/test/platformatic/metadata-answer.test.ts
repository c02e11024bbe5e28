import { UserError } from '@platformatic/kafka';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { DriverProducer, ProducerDriver } from '../../src/index.ts';
import { platformaticDriver } from '../../src/platformatic/index.ts';
import { metadataIn, topicIn } from '../../src/platformatic/metadata-answer.ts';
import { type FakeCluster, startFakeCluster } from '../../src/testing/index.ts';

const leaderless = { partitionIndex: 1, leaderId: -1, leaderEpoch: 3, replicaNodes: [1, 2], isrNodes: [2] };
const healthy = { partitionIndex: 0, leaderId: 1, replicaNodes: [1, 2], isrNodes: [1, 'x'] };
const failed = (topic: object): unknown =>
  new Error('x', { cause: { response: { topics: [{ name: 'other' }, topic], brokers: [{ nodeId: 1 }] } } });

test('R-KP-6 what a failed metadata answer says of its topic is not thrown away', () => {
  const error = failed({ name: 't', errorCode: 0, partitions: [leaderless, healthy] });
  expect(topicIn(error, 't')).toEqual({
    errorCode: 0,
    partitions: [
      { leader: 1, replicas: [1, 2], isr: [1] },
      { leader: undefined, replicas: [1, 2], isr: [2] },
    ],
  });
  expect(metadataIn(error, 't')?.topics.get('t')).toMatchObject({ partitionsCount: 2 });
  expect(metadataIn(error, 't')?.brokers.get(1)).toEqual({ host: 'undefined', port: -1, rack: null });
  const denied = failed({ name: 't', errorCode: 29, partitions: [] });
  expect(topicIn(denied, 't')).toEqual({ errorCode: 29, partitions: [] });
  expect(metadataIn(denied, 't')).toBeUndefined();
  expect(topicIn(new UserError('Unknown topic t.'), 't')).toEqual({ errorCode: 3, partitions: [] });
  for (const value of [null, 'text', {}, { response: 5 }, failed({ name: 'u' })]) {
    expect(topicIn(value, 't')).toBeUndefined();
    expect(metadataIn(value, 't')).toBeUndefined();
  }
});

let cluster: FakeCluster;
let driver: ProducerDriver;
let producer: DriverProducer | undefined;

beforeEach(async () => {
  cluster = await startFakeCluster({ topics: { t: 3 } });
  driver = platformaticDriver({ brokers: cluster.bootstrap, clientId: 'test' });
});
afterEach(async () => {
  await producer?.kill('end');
  await cluster.close();
});

const OPTIONS = { connectTimeoutMs: 2_000, requestTimeoutMs: 2_000, signal: new AbortController().signal };

/** `ok`, or Kafka's name of the verdict. */
const sendTo = async (partition: number): Promise<string | undefined> => {
  const records = [{ key: null, value: `to ${partition}`, headers: {}, timestampMs: Date.now() }];
  try {
    const ack = await producer?.send({
      topic: 't',
      partition,
      records,
      acks: 'all',
      compression: 'none',
      timeoutMs: 800,
    });
    return ack?.errorCode === 0 ? 'ok' : `code ${ack?.errorCode}`;
  } catch (error) {
    return driver.classify(error).kafkaError;
  }
};

test.each([true, false])(
  'R-KP-6 LN-9 a partition without a leader is out alone, for old and new producers, idempotent: %s',
  async (idempotent) => {
    const at = { topic: 't', partition: 1 };
    producer = await driver.open({ id: 'old', idempotent, ...OPTIONS });
    expect(await sendTo(0)).toBe('ok');
    cluster.moveLeader(at, undefined);
    // The client is told of it by the answer of another partition, whose leader has moved.
    cluster.moveLeader({ topic: 't', partition: 2 }, 1);
    expect(await sendTo(2)).toBe('ok');
    expect([await sendTo(0), await sendTo(1)]).toEqual(['ok', 'LEADER_NOT_AVAILABLE']);
    await producer.kill('replaced');
    producer = await driver.open({ id: 'new', idempotent, ...OPTIONS });
    expect([await sendTo(0), await sendTo(1), await sendTo(2)]).toEqual(['ok', 'LEADER_NOT_AVAILABLE', 'ok']);
    const { topics } = await driver.metadata(['t'], OPTIONS);
    expect(topics.get('t')?.partitions.map(({ leader }) => leader)).toEqual([1, undefined, 1]);
    cluster.moveLeader(at, 3);
    expect([await sendTo(1), await sendTo(0)]).toEqual(['ok', 'ok']);
    expect(cluster.violations()).toEqual([]);
  },
);
