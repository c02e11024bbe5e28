/**
 * The defects of kafkajs 2.2.4 that the pool exists for. Each test shows the defect on the raw client, so that a client without it is
 * noticed, and its absence in the pool under the same faults. Those that cost only time are in `cost-regressions.fault.test.ts`.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { CompressionTypes } from 'kafkajs';
import { describe, expect, test } from 'vitest';

import { type FakeCluster, type Fault, startFakeCluster } from '../../src/testing/index.ts';
import { mixUpBrokers } from './broker-map.ts';
import { clusterOf, on, rawClient, SocketTap, startedPool, TOPIC, valuesOf } from './raw-client.ts';

const REQUEST_TIMED_OUT = 7;
const TOPIC_AUTHORIZATION_FAILED = 29;
const ALWAYS = Number.POSITIVE_INFINITY;

describe('records that kafkajs calls sent and loses', () => {
  test('R-KP-6 L1 a leader move loses no record', async () => {
    const move = (cluster: FakeCluster): void => {
      cluster.moveLeader({ topic: TOPIC, partition: 0 }, 2);
    };
    {
      await using cluster = await clusterOf(2, 2);
      await using raw = await rawClient(cluster);
      await raw.send(on(0, 'warm 0'), on(1, 'warm 1'));
      move(cluster);
      await raw.send(on(0, 'a'), on(1, 'b'));
      expect(valuesOf(cluster)).toEqual(['warm 0', 'warm 1', 'b']);
    }
    await using cluster = await clusterOf(2, 2);
    await using pool = await startedPool(cluster);
    await pool.publishBatch([on(0, 'warm 0'), on(1, 'warm 1')]);
    move(cluster);
    await Promise.all([pool.publish(on(0, 'a')), pool.publish(on(1, 'b'))]);
    expect(valuesOf(cluster)).toEqual(['warm 0', 'a', 'warm 1', 'b']);
  });

  test('R-KP-6 L2 a retried keyless send is not partitioned again', async () => {
    const refuseOnce = (cluster: FakeCluster): void => {
      cluster.inject({ api: 'Produce', broker: 2, effect: { errorCode: REQUEST_TIMED_OUT } });
    };
    const values = Array.from({ length: 100 }, (_, n) => `${n}`);
    {
      await using cluster = await clusterOf(3, 3);
      await using raw = await rawClient(cluster);
      refuseOnce(cluster);
      await raw.send(...values.map((value) => ({ value })));
      const log = valuesOf(cluster);
      expect(log.length).toBeGreaterThanOrEqual(99);
      expect(new Set(log).size).toBeLessThanOrEqual(67);
    }
    await using cluster = await clusterOf(3, 3);
    await using pool = await startedPool(cluster);
    refuseOnce(cluster);
    await Promise.all(values.map((value) => pool.publish({ topic: TOPIC, value })));
    expect([...valuesOf(cluster)].toSorted()).toEqual(values.toSorted());
  });

  test('R-KP-6 L3 an unknown partition is refused before sending', async () => {
    await using cluster = await clusterOf(1, 2);
    await using raw = await rawClient(cluster);
    expect(await raw.send(on(7, 'a'))).toEqual([]);
    await using pool = await startedPool(cluster);
    await expect(pool.publish(on(7, 'a'))).rejects.toMatchObject({
      code: 'BUSBAR_PRODUCER_RECORD_INVALID',
      outcome: 'not-sent',
    });
    expect(cluster.requests('Produce')).toEqual([]);
  });

  test('R-KP-6 L5 a timeout after append swallows no later record', async () => {
    const swallow = (cluster: FakeCluster) =>
      cluster.inject({ api: 'Produce', partition: 0, effect: { hold: 'after' } });
    {
      await using cluster = await clusterOf(1, 1);
      await using raw = await rawClient(cluster, { idempotent: true, requestTimeout: 200 });
      const late = swallow(cluster);
      const timedOut = raw.said('timed out');
      const a = raw.send(on(0, 'a'));
      await late.met;
      const b = raw.send(on(0, 'b'));
      await timedOut;
      late.release();
      await Promise.all([a, b]);
      expect(valuesOf(cluster)).toEqual(['a', 'a']);
      expect(cluster.violations()).toContainEqual(expect.stringContaining('used twice'));
    }
    await using cluster = await clusterOf(1, 1);
    await using pool = await startedPool(cluster);
    const late = swallow(cluster);
    const a = pool.publish(on(0, 'a'));
    await late.met;
    const b = pool.publish(on(0, 'b'));
    await sleep(1_200);
    late.release();
    await Promise.all([a, b]);
    expect(new Set(valuesOf(cluster))).toEqual(new Set(['a', 'b']));
    expect(valuesOf(cluster).at(-1)).toBe('b');
    expect(cluster.violations()).toEqual([]);
  });

  test('R-KP-6 L6 a failed send swallows no later record', async () => {
    // Appended and the connection lost; the retry is refused for a reason that ends the send.
    const fail = (cluster: FakeCluster): void => {
      cluster.inject({ api: 'Produce', effect: { answer: 'drop' } });
      cluster.inject({ api: 'Produce', effect: { errorCode: TOPIC_AUTHORIZATION_FAILED } });
    };
    {
      await using cluster = await clusterOf(1, 1);
      await using raw = await rawClient(cluster, { idempotent: true });
      await raw.send(on(0, 'warm'));
      fail(cluster);
      await expect(raw.send(on(0, 'a'))).rejects.toThrow('authorized');
      await raw.send(on(0, 'b'));
      expect(valuesOf(cluster)).toEqual(['warm', 'a']);
    }
    await using cluster = await clusterOf(1, 1);
    await using pool = await startedPool(cluster);
    await pool.publish(on(0, 'warm'));
    fail(cluster);
    await expect(pool.publish(on(0, 'a'))).rejects.toMatchObject({
      code: 'BUSBAR_PRODUCER_TOPIC_DENIED',
      outcome: 'unknown',
    });
    await pool.publish(on(0, 'b'));
    expect(valuesOf(cluster)).toEqual(['warm', 'a', 'b']);
    expect(cluster.violations()).toEqual([]);
  });
});

describe('what the broker map of kafkajs does', () => {
  test('R-KP-6 L4 an empty success is no acknowledgement', async () => {
    {
      await using cluster = await clusterOf(2, 2);
      await using raw = await rawClient(cluster, { brokers: cluster.bootstrap.slice(0, 1) });
      const { first } = await mixUpBrokers(cluster, raw);
      expect(await first).toEqual([]);
      expect(valuesOf(cluster)).not.toContain('a');
    }
    await using cluster = await clusterOf(2, 2);
    await using pool = await startedPool(cluster);
    const empty = cluster.inject({ api: 'Produce', partition: 1, effect: { append: false, answer: 'empty' } });
    const ack = await pool.publish(on(1, 'a'));
    expect(empty.hits).toBe(1);
    expect(ack).toMatchObject({ offset: 0n, attempts: 2 });
    expect(pool.stats().unacknowledged).toBe(1);
    expect(valuesOf(cluster)).toEqual(['a']);
  });

  test('R-KP-6 H1 a hung call holds up no other lane', async () => {
    {
      await using cluster = await clusterOf(2, 2);
      await using raw = await rawClient(cluster, { brokers: cluster.bootstrap.slice(0, 1), idempotent: true });
      const calls: Promise<unknown>[] = [];
      const faults: Fault[] = [];
      await mixUpBrokers(cluster, raw, async () => {
        faults.push(cluster.inject({ api: 'Produce', partition: 1, effect: { hold: 'before' } }));
        const sent = raw.said('Request Produce', cluster.bootstrap[1]);
        calls.push(raw.send(on(1, 'c')));
        await sent;
        calls.push(raw.send(on(1, 'd')));
      });
      const [holder, waiter] = calls;
      for (const fault of faults) fault.release();
      await holder;
      // It waits for a lock that nobody will release; kafkajs gives up after 65.5 s.
      expect(await Promise.race([waiter, sleep(1_000, 'still waiting')])).toBe('still waiting');
      waiter?.catch(() => undefined);
    }
    await using cluster = await clusterOf(2, 4);
    await using pool = await startedPool(cluster);
    await pool.publishBatch([0, 1, 2, 3].map((partition) => on(partition, 'warm')));
    cluster.broker(2).hang();
    const hung = pool.publish(on(1, 'a'));
    let isAnswered = false;
    void hung.then(() => (isAnswered = true));
    for (let n = 0; n < 20; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- a publisher that waits for each answer
      await Promise.all([pool.publish(on(0, `${n}`)), pool.publish(on(2, `${n}`))]);
    }
    expect(isAnswered).toBe(false);
    cluster.broker(2).resume();
    await hung;
    expect(valuesOf(cluster)).toContain('a');
  });
});

describe('what kafkajs does with half an answer', () => {
  test('R-KP-6 F1 an answer that breaks off spoils no later one', async () => {
    const half = (cluster: FakeCluster) => cluster.inject({ api: 'Produce', effect: { answer: 'half' } });
    {
      await using cluster = await clusterOf(2, 2);
      const tap = new SocketTap();
      await using raw = await rawClient(cluster, { tap, retries: 1, requestTimeout: 500 });
      await raw.send(on(0, 'warm'), on(1, 'warm'));
      half(cluster);
      const arrival = tap.half();
      const broken = raw.send(on(0, 'a'));
      await arrival;
      tap.reset();
      // The half frame is still there, and what comes over the next connection is read from the middle; this ends the process.
      await expect(broken).rejects.toThrow('timed out');
      expect(tap.uncaught).toContainEqual(expect.any(RangeError));
    }
    await using cluster = await clusterOf(2, 2);
    const tap = new SocketTap();
    await using pool = await startedPool(cluster, { tap, idempotent: false });
    await pool.publishBatch([on(0, 'warm'), on(1, 'warm')]);
    half(cluster);
    const arrival = tap.half();
    const publishing = pool.publish(on(0, 'a'));
    await arrival;
    tap.reset();
    await publishing;
    await pool.publish(on(0, 'b'));
    expect(valuesOf(cluster)).toEqual(['warm', 'a', 'a', 'b', 'warm']);
    expect(tap.uncaught).toEqual([]);
  });
});

describe('what goes on after kafkajs has ended', () => {
  test('R-KP-6 Z1 a retired producer delivers nothing later', async () => {
    const refuse = (cluster: FakeCluster) =>
      cluster.inject({ api: 'Produce', times: ALWAYS, effect: { errorCode: REQUEST_TIMED_OUT } });
    {
      await using cluster = await clusterOf(1, 1);
      const raw = await rawClient(cluster, { retryMs: 200 });
      const refused = raw.said('Failed to send messages');
      const fault = refuse(cluster);
      const sending = raw.send(on(0, 'a'));
      await refused;
      await raw.producer.disconnect();
      fault.remove();
      await sending;
      expect(valuesOf(cluster)).toEqual(['a']);
      expect(cluster.sockets()).toBeGreaterThan(0);
    }
    await using cluster = await clusterOf(1, 1);
    const pool = await startedPool(cluster);
    const fault = refuse(cluster);
    const publishing = pool.publish(on(0, 'a'));
    publishing.catch(() => undefined);
    await fault.met;
    await pool.close({ deadlineMs: 0 });
    await expect(publishing).rejects.toMatchObject({ code: 'BUSBAR_PRODUCER_CLOSED', outcome: 'unknown' });
    fault.remove();
    await cluster.disconnected();
    const requests = cluster.requests().length;
    // Longer than any wait between attempts.
    await sleep(300);
    expect(cluster.requests().length).toBe(requests);
    expect(valuesOf(cluster)).toEqual([]);
    expect(cluster.sockets()).toBe(0);
  });
});

describe('what kafkajs does by design', () => {
  test('R-KP-6 D1 a fault of one partition repeats no sibling', async () => {
    const fail = (cluster: FakeCluster): void => {
      cluster.inject({ api: 'Produce', partition: 0, effect: { errorCode: REQUEST_TIMED_OUT } });
    };
    {
      await using cluster = await clusterOf(1, 2);
      await using raw = await rawClient(cluster);
      fail(cluster);
      await raw.send(on(0, 'a'), on(1, 'b'));
      expect(valuesOf(cluster)).toEqual(['a', 'b', 'b']);
    }
    await using cluster = await clusterOf(1, 2);
    await using pool = await startedPool(cluster, { idempotent: false });
    fail(cluster);
    await pool.publishBatch([on(0, 'a'), on(1, 'b')]);
    expect(valuesOf(cluster)).toEqual(['a', 'b']);
  });

  test('R-KP-6 E1 an oversized record fails alone', async () => {
    const start = (): Promise<FakeCluster> =>
      startFakeCluster({ topics: { [TOPIC]: { partitions: 2, maxMessageBytes: 10_000 } } });
    const records = [on(0, 'a'), on(0, 'x'.repeat(20_000)), on(0, 'c'), on(1, 'd')];
    {
      await using cluster = await start();
      await using raw = await rawClient(cluster);
      await expect(raw.send(...records)).rejects.not.toHaveProperty('index');
      expect(valuesOf(cluster)).toEqual(['d']);
    }
    await using cluster = await start();
    await using pool = await startedPool(cluster);
    const results = await Promise.allSettled(records.map((record) => pool.publish(record)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'BUSBAR_PRODUCER_RECORD_TOO_LARGE' } });
    expect(valuesOf(cluster)).toEqual(['a', 'c', 'd']);
  });

  test('R-KP-6 O1 sends of one tick keep their order', async () => {
    // What does not compress takes gzip a while, and kafkajs does not wait for it.
    const large = randomBytes(500_000).toString('latin1');
    {
      await using cluster = await clusterOf(1, 1);
      await using raw = await rawClient(cluster);
      await raw.send(on(0, 'warm'));
      const send = (value: string) =>
        raw.producer.send({ topic: TOPIC, messages: [{ partition: 0, value }], compression: CompressionTypes.GZIP });
      await Promise.all([send(large), send('small')]);
      expect(valuesOf(cluster).map(({ length }) => length)).toEqual([4, 5, 500_000]);
    }
    await using cluster = await clusterOf(1, 1);
    await using pool = await startedPool(cluster, { idempotent: false, compression: 'gzip', maxBatchRecords: 1 });
    await Promise.all([pool.publish(on(0, large)), pool.publish(on(0, 'small'))]);
    expect(valuesOf(cluster).map(({ length }) => length)).toEqual([500_000, 5]);
  });
});
