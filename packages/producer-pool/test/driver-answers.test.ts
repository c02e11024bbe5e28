/** How drivers read what their clients answer, and the ways of a call that the rows of conformance do not take. */
import { testCertificates } from '@busbar-tooling/dev-services';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { DriverCall, KafkaConnectionOptions, ProducerDriver } from '../src/index.ts';
import { partitionsOf } from '../src/kafkajs/driver.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';
import { toAck as kafkaJsAck } from '../src/kafkajs/producer.ts';
import { platformaticDriver } from '../src/platformatic/index.ts';
import { toAck as platformaticAck } from '../src/platformatic/producer.ts';
import { type FakeCluster, startFakeCluster } from '../src/testing/index.ts';

const call = (o: Partial<DriverCall> = {}): DriverCall => ({
  topic: 't',
  partition: 1,
  records: [{ key: null, value: 'x', headers: {}, timestampMs: Date.now() }],
  acks: 'all',
  compression: 'none',
  timeoutMs: 800,
  ...o,
});

describe('R-KP-6 LN-5 only the answer about this partition counts', () => {
  test('of kafkajs', () => {
    const answer = { topicName: 't', partition: 1, errorCode: 0 };
    const at = { topic: 't', partition: 1, errorCode: 0 };
    expect(kafkaJsAck(call(), [])).toBeUndefined();
    expect(kafkaJsAck(call(), [{ ...answer, partition: 0 }])).toBeUndefined();
    expect(kafkaJsAck(call(), [{ ...answer, baseOffset: '7' }])).toEqual({ ...at, baseOffset: 7n });
    expect(kafkaJsAck(call(), [{ ...answer, offset: '8' }])).toEqual({ ...at, baseOffset: 8n });
    for (const unknown of [{}, { baseOffset: '-1' }])
      expect(kafkaJsAck(call(), [{ ...answer, ...unknown }])).toEqual({ ...at, baseOffset: undefined });
  });

  test('of @platformatic/kafka', () => {
    const at = { topic: 't', partition: 1, errorCode: 0 };
    for (const nothing of [undefined, {}]) expect(platformaticAck(call(), nothing)).toBeUndefined();
    expect(platformaticAck(call(), { offsets: [{ topic: 't', partition: 0, offset: 7n }] })).toBeUndefined();
    expect(platformaticAck(call(), { offsets: [{ topic: 't', partition: 1, offset: 7n }] })).toEqual({
      ...at,
      baseOffset: 7n,
    });
    expect(platformaticAck(call(), { offsets: [{ topic: 't', partition: 1, offset: -1n }] })).toEqual({
      ...at,
      baseOffset: undefined,
    });
  });

  test('and a partition without a leader has none', () => {
    expect(partitionsOf([{ partitionId: 0, leader: -1, replicas: [1], isr: [] }])).toEqual([
      { leader: undefined, replicas: [1], isr: [] },
    ]);
  });
});

const certificates = testCertificates();
let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await startFakeCluster({ brokers: 1, topics: { t: 2 }, tls: certificates.server });
});
afterEach(async () => {
  await cluster.close();
});

const TIMES = { connectTimeoutMs: 2_000, requestTimeoutMs: 1_000, signal: new AbortController().signal };

describe.each<[string, (o: KafkaConnectionOptions) => ProducerDriver]>([
  ['kafkajs', kafkaJsDriver],
  ['platformatic', platformaticDriver],
])('%s', (_, makeDriver) => {
  test('R-KP-6 a broker is checked by the name it was reached by, and the leader’s word is enough where it is asked for', async () => {
    const brokers = cluster.bootstrap.map((broker) => broker.replace('127.0.0.1', 'localhost'));
    const driver = makeDriver({ brokers, clientId: 'test', tls: { ca: certificates.ca } });
    const producer = await driver.open({ id: 'p', idempotent: false, ...TIMES });
    expect(await producer.send(call({ acks: 'leader' }))).toMatchObject({ partition: 1, errorCode: 0, baseOffset: 0n });
    await producer.close({ deadlineMs: 1_000 });
    expect(cluster.log('t')).toHaveLength(1);
    await driver.close();
  });

  test('R-KP-6 a call that does not end in time is cut when its producer closes', async () => {
    const driver = makeDriver({ brokers: cluster.bootstrap, clientId: 'test', tls: { ca: certificates.ca } });
    const producer = await driver.open({ id: 'p', idempotent: true, ...TIMES, requestTimeoutMs: 20_000 });
    cluster.inject({ api: 'Produce', effect: { hold: 'before' } });
    const sending = producer.send(call()).then(
      () => 'sent',
      () => 'cut',
    );
    await producer.close({ deadlineMs: 100 });
    expect(await sending).toBe('cut');
    expect(producer.connections()).toBe(0);
  });
});
