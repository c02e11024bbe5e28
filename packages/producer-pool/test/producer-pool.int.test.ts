import { requireService } from '@busbar-tooling/test-kit/require-service';
import { testTopic } from '@busbar-tooling/test-kit/test-topic';
import { describe, expect, test } from 'vitest';

import { createProducerPool, type ProducerPoolOptions } from '../src/index.ts';
import { kafkaJsDriver } from '../src/kafkajs/index.ts';

const poolOn = (brokers: readonly string[], o: Partial<ProducerPoolOptions> = {}) =>
  createProducerPool({ driver: kafkaJsDriver({ brokers, clientId: 'busbar-test' }), ...o });

describe('producer pool on real Kafka', () => {
  test('R-KP-6 publishes are acknowledged with the offsets they have in the log', async (ctx) => {
    const topic = await testTopic(ctx, { partitions: 3 });
    await using pool = poolOn(topic.brokers, { topics: [topic.name] });
    await pool.start();
    const keys = Array.from({ length: 300 }, (_, n) => `key-${n % 30}`);
    const acks = await Promise.all(
      keys.map((key, n) => pool.publish({ topic: topic.name, key, value: `${n}`, headers: { n: `${n}` } })),
    );
    const log = await topic.read();
    expect(log.length).toBe(300);
    for (const [n, ack] of acks.entries()) {
      const record = log.find((found) => found.partition === ack.partition && BigInt(found.offset) === ack.offset);
      expect(record?.value?.toString()).toBe(`${n}`);
      expect(record?.key?.toString()).toBe(keys[n]);
      expect(record?.timestampMs).toBe(ack.timestampMs);
      expect(pool.laneOf({ topic: topic.name, key: keys[n] ?? '' })).toBe(`${topic.name}-${ack.partition}`);
    }
  });

  test('R-KP-6 bytes, text beyond ASCII, empty values, tombstones and headers arrive as they were given', async (ctx) => {
    const topic = await testTopic(ctx);
    await using pool = poolOn(topic.brokers, { compression: 'gzip' });
    await pool.start();
    const binary = Uint8Array.from([0, 255, 128, 7]);
    const settlements = await pool.publishBatch([
      { topic: topic.name, key: 'grüße', value: '日本 🚌', headers: { emoji: '🚌', raw: binary } },
      { topic: topic.name, key: binary, value: binary, timestampMs: 1_700_000_000_000 },
      { topic: topic.name, key: '', value: '' },
      { topic: topic.name, key: null, value: null },
    ]);
    expect(settlements.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    const log = await topic.read();
    expect(log[0]).toMatchObject({ key: Buffer.from('grüße'), value: Buffer.from('日本 🚌') });
    expect(log[0]?.headers).toEqual([
      { name: 'emoji', value: Buffer.from('🚌') },
      { name: 'raw', value: Buffer.from(binary) },
    ]);
    expect(log[1]).toMatchObject({
      key: Buffer.from(binary),
      value: Buffer.from(binary),
      timestampMs: 1_700_000_000_000,
    });
    expect(log[2]).toMatchObject({ key: Buffer.alloc(0), value: Buffer.alloc(0) });
    expect(log[3]).toMatchObject({ key: null, value: null });
  });

  test('R-KP-3 a topic that does not exist is answered, and not created', async (ctx) => {
    const kafka = await requireService(ctx, 'kafka');
    await using pool = poolOn(kafka.brokers, { unknownTopicRetries: 1 });
    await pool.start();
    const record = { topic: 'busbar-no-such-topic', key: 'a', value: 'x' };
    await expect(pool.publish(record)).rejects.toMatchObject({
      code: 'BUSBAR_PRODUCER_UNKNOWN_TOPIC',
      outcome: 'rejected',
    });
    await expect(pool.publish(record)).rejects.toMatchObject({ code: 'BUSBAR_PRODUCER_UNKNOWN_TOPIC' });
  });

  test('R-KP-6 an oversized record is rejected alone, its neighbours are delivered in order', async (ctx) => {
    const topic = await testTopic(ctx, { configs: { 'max.message.bytes': '20000' } });
    await using pool = poolOn(topic.brokers);
    await pool.start();
    const big = 'x'.repeat(30_000);
    const records = Array.from({ length: 40 }, (_, n) => ({
      topic: topic.name,
      key: `k${n % 4}`,
      value: n === 17 ? big : `${n}`,
    }));
    const results = await Promise.allSettled(records.map((record) => pool.publish(record)));
    const failures = results.filter((result) => result.status === 'rejected').map(({ reason }): unknown => reason);
    expect(failures).toMatchObject([{ code: 'BUSBAR_PRODUCER_RECORD_TOO_LARGE', outcome: 'rejected' }]);
    expect(results[17]?.status).toBe('rejected');
    const values = (await topic.read()).map((record) => record.value?.toString());
    expect(values).toEqual(records.map(({ value }) => value).filter((value) => value !== big));
    expect(pool.stats().calls.bisected).toBeGreaterThan(0);
    await expect(pool.publish({ topic: topic.name, key: 'k1', value: 'after' })).resolves.toMatchObject({
      partition: 0,
    });
    expect(pool.health()).toEqual({ status: 'healthy', reasons: [] });
  });

  test('R-KP-6 within one batch nothing of a key follows its refused record', async (ctx) => {
    const topic = await testTopic(ctx, { configs: { 'max.message.bytes': '20000' } });
    await using pool = poolOn(topic.brokers);
    await pool.start();
    const settlements = await pool.publishBatch([
      { topic: topic.name, key: 'a', value: '0' },
      { topic: topic.name, key: 'a', value: 'x'.repeat(30_000) },
      { topic: topic.name, key: 'a', value: '2' },
      { topic: topic.name, key: 'b', value: '3' },
    ]);
    const codes = settlements.map((settlement) => (settlement.ok ? 'ok' : settlement.error.code));
    expect(codes).toEqual(['ok', 'BUSBAR_PRODUCER_RECORD_TOO_LARGE', 'BUSBAR_PRODUCER_KEY_BLOCKED', 'ok']);
    expect((await topic.read()).map((record) => record.value?.toString())).toEqual(['0', '3']);
  });

  test('R-KP-1 R-KP-2 several producers are replaced and added under load without a gap, a duplicate or an inversion', async (ctx) => {
    const topic = await testTopic(ctx, { partitions: 6 });
    const eager = {
      scaleWindowMs: 100,
      scaleUpWindows: 1,
      scaleUpCooldownMs: 0,
      scaleUpWaitMs: 0,
      scaleUpBusyRatio: 0.2,
    };
    await using pool = poolOn(topic.brokers, { pool: { ...eager, min: 2, max: 4, scaleDownBusyRatio: 0.1 } });
    await pool.start();
    const publishing = Promise.all(
      Array.from({ length: 20 }, async (_, worker) => {
        const producers = new Set<string>();
        for (let n = 0; n < 50; n += 1) {
          // oxlint-disable-next-line no-await-in-loop -- a publisher that waits for each answer
          const ack = await pool.publish({ topic: topic.name, key: `w${worker}`, value: `${worker}/${n}` });
          producers.add(ack.producerId);
        }
        return producers;
      }),
    );
    await pool.recycle('new certificates');
    await pool.recycle('and again');
    const producers = new Set<string>();
    for (const own of await publishing) for (const id of own) producers.add(id);
    expect(producers.size).toBeGreaterThan(2);
    expect(pool.stats().producers.retired.recycled).toBeGreaterThanOrEqual(4);
    const log = await topic.read();
    expect(log.length).toBe(1_000);
    for (let worker = 0; worker < 20; worker += 1) {
      const own = log.filter((record) => record.key?.toString() === `w${worker}`);
      const inOrder = own.toSorted((a, b) => Number(BigInt(a.offset) - BigInt(b.offset)));
      const expected = Array.from({ length: 50 }, (_, n) => `${worker}/${n}`);
      expect(inOrder.map((record) => record.value?.toString())).toEqual(expected);
    }
  });

  test('R-KP-5 the connectivity checks pass on a healthy cluster and name what is missing', async (ctx) => {
    const topic = await testTopic(ctx);
    const pool = poolOn(topic.brokers, { topics: [topic.name] });
    const signal = AbortSignal.timeout(10_000);
    const beganAtMs = performance.now();
    const checks = pool.connectivityChecks();
    const outcomes: string[] = [];
    // oxlint-disable-next-line no-await-in-loop -- as their dependencies want it
    for (const check of checks) outcomes.push(`${check.id} ${(await check.run({ signal })).status}`);
    expect(outcomes).toEqual(checks.map(({ id }) => `${id} pass`));
    // R-CF-2: the whole, with the client's module loaded on the way.
    expect(performance.now() - beganAtMs).toBeLessThan(2_000);
    const missing = pool
      .connectivityChecks({ topics: [topic.name, 'busbar-no-such-topic'] })
      .find(({ id }) => id === 'kafka.topic');
    const [written] = pool.connectivityChecks({ writeProbe: topic.name }).slice(-1);
    expect(await written?.run({ signal })).toMatchObject({ status: 'pass' });
    expect(await missing?.run({ signal })).toMatchObject({
      status: 'fail',
      category: 'incompatible',
      message: 'busbar-no-such-topic: UNKNOWN_TOPIC_OR_PARTITION',
    });
    expect(pool.stats().producers.opened).toBe(0);
  });

  test('R-KP-5 the checks say that nobody listens', async () => {
    const pool = poolOn(['127.0.0.1:1'], { connectTimeoutMs: 500, requestTimeoutMs: 1_000, startTimeoutMs: 1_000 });
    const signal = AbortSignal.timeout(10_000);
    const outcomeOf = async (id: string) => {
      const check = pool.connectivityChecks().find((one) => one.id === id);
      return check?.run({ signal });
    };
    const [dns, tcp, cluster] = await Promise.all(['kafka.dns', 'kafka.tcp', 'kafka.cluster'].map(outcomeOf));
    expect(dns?.status).toBe('pass');
    expect(tcp).toMatchObject({
      status: 'fail',
      category: 'unreachable',
    });
    expect(tcp?.message).toContain('127.0.0.1:1');
    expect(cluster).toMatchObject({ status: 'fail', category: 'unreachable' });
    await expect(pool.start({ mode: 'require' })).rejects.toMatchObject({ code: 'BUSBAR_PRODUCER_CONNECT' });
    await pool.close();
  });
});
