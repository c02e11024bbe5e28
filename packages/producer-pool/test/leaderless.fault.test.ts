/** A partition without a leader, and a broker that wants to be left alone, for the drivers of real clients. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createProducerPool, type KafkaConnectionOptions, type ProducerDriver } from '../src/index.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';
import { platformaticDriver } from '../src/platformatic/index.ts';
import { type FakeCluster, startFakeCluster } from '../src/testing/index.ts';

const THROTTLE_MS = 300;

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await startFakeCluster({ brokers: 2, topics: { t: 2 } });
});
afterEach(async () => {
  await cluster.close();
});

describe.each<[string, (o: KafkaConnectionOptions) => ProducerDriver]>([
  ['kafkajs', kafkaJsDriver],
  ['platformatic', platformaticDriver],
])('%s', (_, makeDriver) => {
  const poolOf = () =>
    createProducerPool({
      driver: makeDriver({ brokers: cluster.bootstrap, clientId: 'test' }),
      requestTimeoutMs: 1_000,
      pool: { max: 1 },
      retry: { baseMs: 20, maxMs: 50 },
    });

  test('R-KP-6 PO-7 a producer opened while a partition has no leader serves the others, and that one once it has', async () => {
    await using pool = poolOf();
    await pool.start();
    const publish = (partition: number, value: string) => pool.publish({ topic: 't', partition, value });
    await publish(0, 'before');
    cluster.moveLeader({ topic: 't', partition: 1 }, undefined);
    await pool.recycle('a new producer');
    const stuck = publish(1, 'stuck');
    await publish(0, 'a');
    await publish(0, 'b');
    expect(cluster.log('t').map(({ value }) => String(value))).toEqual(['before', 'a', 'b']);
    cluster.moveLeader({ topic: 't', partition: 1 }, 2);
    expect(await stuck).toMatchObject({ partition: 1, offset: 0n });
  });

  test('R-KP-6 such a partition is its own fault, and no reason to doubt a broker', async () => {
    const driver = makeDriver({ brokers: cluster.bootstrap, clientId: 'test' });
    cluster.moveLeader({ topic: 't', partition: 1 }, undefined);
    const times = { connectTimeoutMs: 1_000, requestTimeoutMs: 1_000, signal: AbortSignal.timeout(10_000) };
    const { topics } = await driver.metadata(['t'], times);
    expect(topics.get('t')).toMatchObject({ errorCode: 0, partitions: [{ leader: 1 }, { leader: undefined }] });
    const producer = await driver.open({ id: 'p', idempotent: true, ...times });
    const records = [{ key: null, value: 'v', headers: {}, timestampMs: Date.now() }];
    const call = { topic: 't', records, acks: 'all', compression: 'none', timeoutMs: 800 } as const;
    const refusal = await producer.send({ ...call, partition: 1 }).catch((error: unknown) => driver.classify(error));
    expect(refusal).toMatchObject({ kind: 'transient', scope: 'lane', kafkaError: 'LEADER_NOT_AVAILABLE' });
    expect(await producer.send({ ...call, partition: 0 })).toMatchObject({ partition: 0, errorCode: 0 });
    await producer.kill('the test is over');
    await cluster.disconnected();
  });

  test("R-KP-6 LN-8 a throttle time delays the lane's next call, and is no failure", async () => {
    await using pool = poolOf();
    await pool.start();
    await pool.publish({ topic: 't', partition: 0, value: 'first' });
    cluster.inject({ api: 'Produce', effect: { throttleMs: THROTTLE_MS } });
    await pool.publish({ topic: 't', partition: 0, value: 'throttled' });
    const throttledAtMs = performance.now();
    const later = pool.publish({ topic: 't', partition: 0, value: 'later' });
    expect(pool.stats()).toMatchObject({ throttledMs: THROTTLE_MS, lanes: { ready: 0, sending: 0 } });
    await later;
    // The clock of the event loop and this one may differ by a tick.
    expect(performance.now() - throttledAtMs).toBeGreaterThan(THROTTLE_MS - 20);
    expect(pool.stats()).toMatchObject({ calls: { started: 3, failed: 0 }, retries: 0 });
  });
});
