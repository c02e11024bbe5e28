import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import { createProducerPool } from '../src/index.ts';
import { memoryDriver } from '../src/testing/index.ts';
import { codeOf, fateOf, ScriptedPool, TOPIC } from './scripted-pool.ts';

describe('start', () => {
  test('R-KP-1 it opens nothing before, shares one attempt, and is idempotent', async () => {
    await using scripted = new ScriptedPool({ topics: [TOPIC] });
    const { pool, cluster } = scripted;
    await settle();
    expect(cluster.producers.length + cluster.metadataCalls).toBe(0);
    expect(pool.health()).toEqual({ status: 'unhealthy', reasons: ['the pool is created'] });
    await Promise.all([pool.start(), pool.start()]);
    await pool.start();
    expect([cluster.producers.length, cluster.metadataCalls]).toEqual([1, 1]);
    expect(pool.health().status).toBe('healthy');
  });

  test('R-KP-1 publishing before start is refused, not forgotten', async () => {
    await using scripted = new ScriptedPool();
    expect((await scripted.publish('a')).text).toBe('UNAVAILABLE/not-sent');
  });

  test('R-KP-5 in mode require it goes on until its time, leaves nothing open, and may be repeated', async () => {
    await using scripted = new ScriptedPool({ startTimeoutMs: 2_000 });
    const { pool, cluster, clock } = scripted;
    cluster.opens = 'fail';
    const started = codeOf(pool.start());
    await clock.advance(2_000);
    expect(await started).toBe('BUSBAR_PRODUCER_CONNECT');
    await settle();
    expect(clock.pending()).toBe(0);
    expect(pool.stats().producers.openFailures).toBeGreaterThan(2);
    cluster.opens = 'ok';
    await pool.start();
    expect(pool.health().status).toBe('healthy');
  });

  test('R-KP-5 a client that is not accepted and a topic that is not there fail at once', async () => {
    const refused = new ScriptedPool();
    refused.cluster.opens = 'auth';
    expect(await codeOf(refused.pool.start())).toBe('BUSBAR_PRODUCER_AUTH');
    const missing = new ScriptedPool({ topics: [TOPIC], unknownTopicRetries: 0 });
    missing.cluster.topicCode = 3;
    expect(await codeOf(missing.pool.start())).toBe('BUSBAR_PRODUCER_UNKNOWN_TOPIC');
    missing.cluster.topicCode = 29;
    expect(await codeOf(missing.pool.start())).toBe('BUSBAR_PRODUCER_TOPIC_DENIED');
    await settle();
    expect([refused.clock.pending(), missing.clock.pending()]).toEqual([0, 0]);
    await refused.pool.close();
    await missing.pool.close();
  });

  test('R-CF-2 in mode degraded it resolves after the first attempt, refuses what comes, and goes on connecting', async () => {
    await using scripted = new ScriptedPool();
    const { pool, cluster, clock } = scripted;
    cluster.opens = 'fail';
    await pool.start({ mode: 'degraded' });
    const refused = await scripted.publish('a');
    expect(refused.text).toBe('UNAVAILABLE/not-sent');
    expect(refused.error).toMatchObject({ details: { scope: 'broker' }, retryable: true });
    expect(pool.health().reasons).toContain('no producer is connected');
    cluster.opens = 'ok';
    await clock.advance(1_000);
    const fate = await scripted.publish('b');
    await scripted.end('ok');
    expect(fate.text).toBe('ok@0');
  });

  test("R-KP-1 a caller's signal ends its wait, not the start", async () => {
    await using scripted = new ScriptedPool();
    const abort = new AbortController();
    const aborted = codeOf(scripted.pool.start({ signal: abort.signal }));
    const other = scripted.pool.start();
    abort.abort();
    expect(await aborted).toBe('BUSBAR_PRODUCER_ABORTED');
    await other;
    expect(await codeOf(scripted.pool.start({ signal: AbortSignal.abort() }))).toBe('BUSBAR_PRODUCER_ABORTED');
  });

  test('R-KP-5 an opening that hangs is given up at the attempt timeout, and closed if it comes late', async () => {
    const scripted = new ScriptedPool({ startTimeoutMs: 2_000 });
    const gate = Promise.withResolvers<void>();
    const { driver } = scripted.cluster;
    const pool = createProducerPool({
      driver: {
        ...driver,
        open: async (o) => {
          await gate.promise;
          return driver.open(o);
        },
      },
      clock: scripted.clock,
      timers: scripted.clock.timers,
      requestTimeoutMs: 1_000,
      connectTimeoutMs: 500,
      attemptTimeoutMs: 1_500,
      startTimeoutMs: 1_600,
    });
    const started = codeOf(pool.start());
    await scripted.clock.advance(10_000);
    expect(await started).toBe('BUSBAR_PRODUCER_CONNECT');
    gate.resolve();
    await settle();
    expect(scripted.cluster.producers.length).toBeGreaterThan(0);
    expect(scripted.cluster.livingProducers).toBe(0);
    await pool.close();
  });
});

describe('close', () => {
  test('R-KP-1 before start, twice and after dispose it is legal; then everything is refused', async () => {
    const scripted = new ScriptedPool();
    const { pool } = scripted;
    const report = await pool.close();
    expect(report).toMatchObject({ acknowledged: 0, rejected: 0, unknown: 0 });
    expect(await pool.close()).toBe(report);
    await pool[Symbol.asyncDispose]();
    expect(await codeOf(pool.start())).toBe('BUSBAR_PRODUCER_CLOSED');
    expect(await codeOf(pool.recycle('x'))).toBe('BUSBAR_PRODUCER_CLOSED');
    expect((await scripted.publish('a')).text).toBe('CLOSED/not-sent');
    expect(pool.health().reasons).toEqual(['the pool is closed']);
  });

  test('R-KP-1 during start it ends the start', async () => {
    const scripted = new ScriptedPool();
    scripted.cluster.opens = 'fail';
    const started = codeOf(scripted.pool.start());
    await settle();
    await scripted.pool.close();
    expect(await started).toBe('BUSBAR_PRODUCER_CLOSED');
    expect(scripted.clock.pending()).toBe(0);
  });

  test('R-KP-6 it delivers what it can without linger, and reports it', async () => {
    const driver = memoryDriver({ topics: { [TOPIC]: 1 } });
    const pool = createProducerPool({ driver, lingerMs: 60_000, deliveryTimeoutMs: 200_000 });
    await pool.start();
    const publishing = pool.publishBatch([
      { topic: TOPIC, value: 'a' },
      { topic: TOPIC, value: 'b' },
    ]);
    expect(await pool.close()).toMatchObject({ acknowledged: 2, rejected: 0, unknown: 0 });
    expect((await publishing).every(({ ok }) => ok)).toBe(true);
  });

  test('R-KP-6 at its deadline the rest is answered: unknown if it may have been sent, not-sent if not', async () => {
    const scripted = await new ScriptedPool().start();
    const sent = await scripted.publish('a');
    const queued = await scripted.publish('b');
    const closing = scripted.pool.close({ deadlineMs: 500 });
    const late = await scripted.publish('c');
    expect(late.text).toBe('CLOSED/not-sent');
    await scripted.clock.advance(10_000);
    expect(await closing).toMatchObject({ acknowledged: 0, rejected: 2, unknown: 1 });
    expect([sent.text, queued.text]).toEqual(['CLOSED/unknown', 'CLOSED/not-sent']);
    expect(scripted.cluster.livingProducers).toBe(0);
    expect(scripted.clock.pending()).toBe(0);
  });

  test('R-KP-6 who waits for room is answered at once', async () => {
    const scripted = await new ScriptedPool({
      maxBatchRecords: 1,
      buffer: { maxRecords: 4, maxLaneRecords: 1, maxBlockMs: 60_000 },
    }).start();
    await scripted.publish('a');
    const waiting = await scripted.publish('b');
    const closing = scripted.pool.close({ deadlineMs: 10 });
    await settle();
    expect(waiting.text).toBe('CLOSED/not-sent');
    await scripted.clock.advance(10_000);
    await closing;
  });

  test('R-KP-1 a producer that neither closes nor dies does not hold the close up for ever', async () => {
    const scripted = await new ScriptedPool().start();
    scripted.cluster.killGate = new Promise(() => undefined);
    const closing = scripted.pool.close({ deadlineMs: 100 });
    await scripted.clock.advance(60_000);
    expect(await closing).toMatchObject({ unknown: 0 });
    expect(scripted.clock.pending()).toBe(0);
  });
});

describe('flush', () => {
  test('R-KP-6 it rejects at its deadline, and does not before', async () => {
    await using scripted = await new ScriptedPool().start();
    await scripted.publish('a');
    const late = codeOf(scripted.pool.flush({ deadlineMs: 100 }));
    await scripted.clock.advance(100);
    expect(await late).toBe('BUSBAR_PRODUCER_DELIVERY_TIMEOUT');
    const inTime = codeOf(scripted.pool.flush({ deadlineMs: 100 }));
    await scripted.end('ok');
    expect(await inTime).toBe('ok');
  });

  test('R-KP-6 it resolves when everything published before is settled, without linger', async () => {
    const scripted = await new ScriptedPool({ lingerMs: 1_000 }).start();
    const { pool } = scripted;
    await pool.flush();
    const before = await scripted.publish('a');
    expect(scripted.call).toBeUndefined();
    let flushed = false;
    const flushing = pool.flush().then(() => (flushed = true));
    await settle();
    const after = await scripted.publish('b');
    expect(flushed).toBe(false);
    for (const call of scripted.cluster.openCalls.slice(0, 1)) scripted.cluster.end(call, 'ok');
    await flushing;
    expect([before.text, after.text]).toEqual(['ok@0', 'pending']);
    await scripted.end('ok');
    await scripted[Symbol.asyncDispose]();
  });

  test('R-KP-6 it gives up at its deadline or the signal', async () => {
    await using scripted = await new ScriptedPool().start();
    await scripted.publish('a');
    const late = codeOf(scripted.pool.flush({ deadlineMs: 100 }));
    await scripted.clock.advance(100);
    expect(await late).toBe('BUSBAR_PRODUCER_DELIVERY_TIMEOUT');
    expect(await codeOf(scripted.pool.flush({ signal: AbortSignal.abort() }))).toBe('BUSBAR_PRODUCER_ABORTED');
  });
});

test('R-KP-1 an idle pool has no timer', async () => {
  const scripted = await new ScriptedPool().start();
  const fate = fateOf(scripted.pool.publish({ topic: TOPIC, value: 'a' }));
  await settle();
  await scripted.end('ok');
  await scripted.clock.advance(200_000);
  expect(fate.text).toBe('ok@0');
  expect(scripted.clock.pending()).toBe(0);
  await scripted[Symbol.asyncDispose]();
});
