/** What befalls brokers, topics and credentials in operation, for the drivers of real clients on the fake broker. */
import { testCertificates } from '@busbar-tooling/dev-services';
import { describe, expect, test, vi } from 'vitest';

import {
  createProducerPool,
  type KafkaConnectionOptions,
  type ProducerDriver,
  type ProducerPool,
  type ProducerPoolOptions,
} from '../src/index.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';
import { platformaticDriver } from '../src/platformatic/index.ts';
import { type FakeCluster, startFakeCluster } from '../src/testing/index.ts';

const TWO_HOURS_MS = 7_200_000;
const PATIENCE = { timeout: 8_000, interval: 10 };

const valuesOf = (cluster: FakeCluster, topic = 't'): readonly string[] =>
  cluster.log(topic).map(({ value }) => String(value));

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `${n}`);

describe.concurrent.each<[string, (o: KafkaConnectionOptions) => ProducerDriver]>([
  ['kafkajs', kafkaJsDriver],
  ['platformatic', platformaticDriver],
])('%s', (name, makeDriver) => {
  interface Situation {
    readonly pool?: Partial<ProducerPoolOptions>;
    readonly connection?: Partial<KafkaConnectionOptions>;
  }
  const poolOf = (cluster: FakeCluster, { pool, connection }: Situation = {}): ProducerPool =>
    createProducerPool({
      driver: makeDriver({ brokers: cluster.bootstrap, clientId: 'test', ...connection }),
      requestTimeoutMs: 1_000,
      connectTimeoutMs: 500,
      retry: { baseMs: 1, maxMs: 20 },
      ...pool,
      pool: { max: 1, replaceBaseMs: 1, replaceMaxMs: 20, ...pool?.pool },
    });
  const started = async (cluster: FakeCluster, situation?: Situation): Promise<ProducerPool> => {
    const pool = poolOf(cluster, situation);
    await pool.start();
    return pool;
  };
  const on = (partition: number, value: string) => ({ topic: 't', partition, value });

  test('R-KP-6 LN-7 #402 a broker that hangs is cut by the watchdog, holds up no other lane, and gets the record later', async () => {
    await using cluster = await startFakeCluster({ brokers: 2, topics: { t: 2 } });
    await using pool = await started(cluster, { pool: { attemptTimeoutMs: 1_500 } });
    await Promise.all([pool.publish(on(0, 'warm')), pool.publish(on(1, 'warm'))]);
    const silence = cluster.inject({
      api: 'Produce',
      broker: 1,
      times: 1_000,
      effect: { append: false, answer: 'never' },
    });
    const stuck = pool.publish(on(0, 'stuck'));
    const startedAtMs = performance.now();
    await pool.publish(on(1, 'free'));
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    await vi.waitFor(() => expect(pool.stats().producers.retired).toEqual({ watchdog: 1 }), PATIENCE);
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
    silence.remove();
    await stuck;
    expect(valuesOf(cluster)).toEqual(['warm', 'stuck', 'warm', 'free']);
  });

  test('R-KP-6 a connection that is half open, or stops in mid-frame, is left at the request timeout', async () => {
    await using cluster = await startFakeCluster({ brokers: 1, topics: { t: 2 } });
    await using pool = await started(cluster);
    await Promise.all([pool.publish(on(0, 'warm')), pool.publish(on(1, 'warm'))]);
    cluster.inject({ api: 'Produce', partition: 0, effect: { append: false, answer: 'never' } });
    cluster.inject({ api: 'Produce', partition: 1, effect: { append: false, answer: 'half' } });
    const startedAtMs = performance.now();
    await Promise.all([pool.publish(on(0, 'silent')), pool.publish(on(1, 'half'))]);
    expect(performance.now() - startedAtMs).toBeGreaterThan(900);
    expect(valuesOf(cluster)).toEqual(['warm', 'silent', 'warm', 'half']);
  });

  test('R-KP-6 while nobody listens records wait, and go out once, in order, when somebody does', async () => {
    await using cluster = await startFakeCluster({ brokers: 1, topics: { t: 1 } });
    await using pool = await started(cluster);
    await pool.publish(on(0, 'warm'));
    await cluster.broker(1).stop();
    const waiting = numbered(20).map((value) => pool.publish(on(0, value)));
    await vi.waitFor(() => expect(pool.stats().calls.failed).toBeGreaterThan(0), PATIENCE);
    await cluster.broker(1).start();
    await Promise.all(waiting);
    expect(valuesOf(cluster)).toEqual(['warm', ...numbered(20)]);
  });

  test('R-KP-5 a certificate that has expired is named, and what to do about it', async () => {
    const { ca, expired } = testCertificates();
    await using cluster = await startFakeCluster({ brokers: 1, tls: expired });
    await using pool = poolOf(cluster, { connection: { tls: { ca } } });
    await expect(pool.start()).rejects.toThrow('has expired: renew it');
  });

  test('R-KP-6 credentials that change are AUTH until a recycle reads the new ones', async () => {
    const { ca, server } = testCertificates();
    const [old, fresh] = [
      { username: 'alice', password: 'old' },
      { username: 'alice', password: 'new' },
    ];
    let password = 'old';
    await using cluster = await startFakeCluster({ brokers: 1, topics: { t: 1 }, tls: server, sasl: old });
    const sasl = { mechanism: 'scram-sha-256', username: 'alice', password: () => password } as const;
    await using pool = await started(cluster, { connection: { tls: { ca }, sasl } });
    await pool.publish(on(0, 'a'));
    cluster.setCredentials(fresh);
    cluster.broker(1).disconnectAll();
    await expect(pool.publish(on(0, 'b'))).rejects.toMatchObject({ code: 'BUSBAR_PRODUCER_AUTH' });
    password = 'new';
    await pool.recycle('credentials');
    await pool.publish(on(0, 'c'));
    expect(valuesOf(cluster)).toEqual(['a', 'c']);
  });

  test('R-KP-6 PT-5 a topic that is extended is seen, and the order per key stands', async () => {
    await using cluster = await startFakeCluster({ brokers: 2, topics: { t: 1 } });
    await using pool = await started(cluster, { pool: { metadataMaxAgeMs: 1_000 } });
    const keys = numbered(8).map((n) => `key-${n}`);
    const round = (n: number) => keys.map((key) => pool.publish({ topic: 't', key, value: `${key}/${n}` }));
    await Promise.all(round(0));
    cluster.extendTopic('t', 4);
    await vi.waitFor(async () => {
      await pool.publish(on(3, 'there'));
    }, PATIENCE);
    await Promise.all([...round(1), ...round(2)]);
    const offsets = cluster.log('t');
    for (const key of keys) {
      const later = offsets.filter((record) => String(record.key) === key && !String(record.value).endsWith('/0'));
      expect(later.map(({ value }) => String(value))).toEqual([`${key}/1`, `${key}/2`]);
    }
    expect(new Set(offsets.map(({ partition }) => partition)).size).toBeGreaterThan(2);
  });

  test.each([
    ['head', [0]],
    ['middle', [3]],
    ['tail', [7]],
    ['head, middle and tail', [0, 3, 7]],
  ])('R-KP-6 LN-11 poison at the %s of a batch fails alone', async (__, at) => {
    await using cluster = await startFakeCluster({ brokers: 1, topics: { t: 1 } });
    await using pool = await started(cluster);
    const timestampMs = Date.now() + TWO_HOURS_MS;
    const good = numbered(8).map((value) => ({ topic: 't', key: value, value }));
    const records = good.map((record, n) => (at.includes(n) ? Object.assign(record, { timestampMs }) : record));
    const settlements = await pool.publishBatch(records);
    const refused = settlements.flatMap((one, n) => (one.ok ? [] : [[n, one.error.code]]));
    expect(refused).toEqual(at.map((n) => [n, 'BUSBAR_PRODUCER_RECORD_REJECTED']));
    expect(valuesOf(cluster)).toEqual(numbered(8).filter((_value, n) => !at.includes(n)));
  });

  test('R-KP-6 a key that has everything keeps its order and its lane', async () => {
    await using cluster = await startFakeCluster({ brokers: 1, topics: { t: 8 } });
    await using pool = await started(cluster);
    const values = numbered(3_000);
    cluster.inject({ api: 'Produce', nth: 2, times: 2, effect: { answer: 'drop', append: false } });
    await Promise.all(values.map((value) => pool.publish({ topic: 't', key: 'hot', value })));
    expect(valuesOf(cluster)).toEqual(values);
    expect(cluster.violations()).toEqual([]);
  });

  test('R-KP-6 #326 of sends that come all at once to a new producer none is dropped', async () => {
    await using cluster = await startFakeCluster({ brokers: 3, topics: { t: 24, u: 24 } });
    await using pool = await started(cluster);
    const values = numbered(240);
    const acks = await Promise.all(
      values.map((value, n) => pool.publish({ topic: n % 2 === 0 ? 't' : 'u', partition: n % 24, value })),
    );
    expect(new Set(acks.map(({ topic, partition, offset }) => `${topic}-${partition}/${offset}`)).size).toBe(240);
    const log = [...valuesOf(cluster), ...valuesOf(cluster, 'u')];
    expect(log.toSorted()).toEqual(values.toSorted());
  });

  // With each topic that is new to a producer kafkajs asks again about all that it knows: a thousand take seconds.
  const topicCount = name === 'kafkajs' ? 250 : 1_000;
  test(`R-KP-6 ${topicCount} topics are served by one pool`, async () => {
    const topics = numbered(topicCount).map((n) => `topic-${n}`);
    await using cluster = await startFakeCluster({
      brokers: 1,
      topics: Object.fromEntries(topics.map((topic) => [topic, 1])),
    });
    await using pool = await started(cluster, { pool: { requestTimeoutMs: 10_000 } });
    const acks = await Promise.all(topics.map((topic) => pool.publish({ topic, value: topic })));
    expect(acks.map(({ topic }) => topic)).toEqual(topics);
    expect(topics.every((topic) => valuesOf(cluster, topic).length === 1)).toBe(true);
  });
});
