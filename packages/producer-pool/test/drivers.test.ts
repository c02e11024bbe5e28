/** What drivers ask of a cluster besides sending, on the fake one. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createProducerPool, type KafkaConnectionOptions, type ProducerDriver } from '../src/index.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';
import { platformaticDriver } from '../src/platformatic/index.ts';
import { type FakeCluster, startFakeCluster } from '../src/testing/index.ts';
import { topicConfigOf } from '../src/topic-config.ts';

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await startFakeCluster({ brokers: 1, topics: { t: { partitions: 2, maxMessageBytes: 5_000 } } });
});
afterEach(async () => {
  await cluster.close();
});

const times = () => ({ connectTimeoutMs: 1_000, requestTimeoutMs: 1_000, signal: AbortSignal.timeout(10_000) });

describe.each<[string, (o: KafkaConnectionOptions) => ProducerDriver]>([
  ['kafkajs', kafkaJsDriver],
  ['platformatic', platformaticDriver],
])('%s', (_, makeDriver) => {
  const driverOf = (o: Partial<KafkaConnectionOptions> = {}): ProducerDriver =>
    makeDriver({ brokers: cluster.bootstrap, clientId: 'test', ...o });

  test('LN-11 it tells the limits of the topics that may be asked about, and leaves out the others', async () => {
    const configs = await driverOf().topicConfigs?.(['t', 'missing'], times());
    expect([...(configs ?? [])]).toMatchObject([['t', { maxMessageBytes: 5_000 }]]);
    await cluster.broker(1).stop();
    await expect(driverOf().topicConfigs?.(['t'], times())).rejects.toBeDefined();
  });

  test('R-KP-5 its metadata tells the brokers, the topics, and why a topic is refused; or rejects', async () => {
    const driver = driverOf();
    const { topics } = await driver.metadata(['t', 'missing'], times());
    expect(topics.get('t')?.partitions.map(({ leader }) => leader)).toEqual([1, 1]);
    expect(topics.get('missing')).toEqual({ errorCode: 3, partitions: [] });
    expect((await driver.metadata([], times())).brokers).toMatchObject([{ id: 1 }]);
    await cluster.broker(1).stop();
    await expect(driver.metadata(['t'], times())).rejects.toBeDefined();
  });

  test('R-KP-5 a question whose answer is lost is no topic without partitions, and no topic without limits', async () => {
    for (const api of ['Metadata', 'DescribeConfigs'] as const)
      cluster.inject({ api, topic: 't', times: 9, effect: { answer: 'drop' } });
    const driver = driverOf();
    const refusals = await Promise.allSettled([driver.metadata(['t'], times()), driver.topicConfigs?.(['t'], times())]);
    const verdicts = refusals.map((told) => told.status === 'rejected' && driver.classify(told.reason).kafkaError);
    expect(verdicts).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST']);
  });

  test('R-KP-5 its brokers are found anew each time they are asked for', async () => {
    const brokers = [['one:1'], ['[::1]:2', 'three:3']];
    const driver = driverOf({ brokers: async () => brokers.shift() ?? [] });
    expect(await driver.bootstrap?.()).toEqual([{ host: 'one', port: 1 }]);
    expect(await driver.bootstrap?.()).toEqual([
      { host: '::1', port: 2 },
      { host: 'three', port: 3 },
    ]);
  });

  test('R-KP-6 a lost answer stays a doubt when nobody can be reached any more; without one nothing was sent', async () => {
    const driver = driverOf();
    const producer = await driver.open({ id: 'p', idempotent: true, ...times() });
    const records = [{ key: null, value: 'v', headers: {}, timestampMs: Date.now() }];
    const send = async () => {
      const call = { topic: 't', partition: 0, records, acks: 'all', compression: 'none', timeoutMs: 800 } as const;
      return producer.send(call).catch((error: unknown) => driver.classify(error));
    };
    expect(await send()).toMatchObject({ errorCode: 0 });
    const stop = (): void => void cluster.broker(1).stop();
    cluster.inject({ api: 'Produce', effect: { answer: 'drop', afterwards: stop } });
    expect(await send()).toMatchObject({ kind: 'transient', outcome: 'unknown' });
    expect(await send()).toMatchObject({ kind: 'transient', outcome: 'not-sent', kafkaError: 'NOT_CONNECTED' });
    await producer.kill('the test is over');
    expect(cluster.log('t')).toHaveLength(2);
  });

  test("R-KP-6 a topic of Kafka's own is denied", async () => {
    cluster.createTopic('__consumer_offsets');
    await using pool = createProducerPool({ driver: driverOf() });
    await pool.start();
    const publishing = pool.publish({ topic: '__consumer_offsets', value: 'v' });
    await expect(publishing).rejects.toMatchObject({
      code: 'BUSBAR_PRODUCER_TOPIC_DENIED',
      details: { kafkaCode: 17 },
    });
    expect(cluster.log('__consumer_offsets')).toEqual([]);
  });

  test('R-KP-6 what a provider rejects with is why nothing is opened', async () => {
    const driver = driverOf({ tls: { ca: () => Promise.reject(new Error('the vault is shut')) } });
    const opening = driver.open({ id: 'p', idempotent: true, ...times() });
    await expect(opening).rejects.toThrow('the vault is shut');
    await expect(driver.tls?.()).rejects.toThrow('the vault is shut');
    expect(await driverOf({ tls: {} }).tls?.()).toEqual({});
    expect(await driverOf().tls?.()).toBeUndefined();
  });

  test('R-KP-6 an opening or a question whose signal has ended ends too', async () => {
    const signal = AbortSignal.abort();
    await expect(driverOf().open({ id: 'p', idempotent: false, ...times(), signal })).rejects.toBeDefined();
    await expect(driverOf().metadata(['t'], { ...times(), signal })).rejects.toBeDefined();
    await cluster.disconnected();
  });
});

test('LN-11 a limit that the cluster does not tell is unknown, not zero', () => {
  const unknown = { minInsyncReplicas: undefined, timestampType: undefined, cleanupPolicy: undefined };
  expect(topicConfigOf([])).toEqual({ maxMessageBytes: undefined, ...unknown });
  for (const value of [null, undefined, '', 'many'])
    expect(topicConfigOf([{ name: 'max.message.bytes', value }])).toEqual({ maxMessageBytes: undefined, ...unknown });
  expect(
    topicConfigOf([
      { name: 'min.insync.replicas', value: '2' },
      { name: 'message.timestamp.type', value: 'CreateTime' },
      { name: 'cleanup.policy', value: 'compact' },
    ]),
  ).toEqual({
    maxMessageBytes: undefined,
    minInsyncReplicas: 2,
    timestampType: 'CreateTime',
    cleanupPolicy: 'compact',
  });
});
