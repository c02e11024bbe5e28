import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';

import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { afterEach, describe, expect, test } from 'vitest';

import { createProducerPool } from '../src/index.ts';
import { memoryDriver } from '../src/testing/index.ts';
import { fateOf, ScriptedPool, TOPIC } from './scripted-pool.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Messages of a channel of this package, from now on. */
const listen = (event: string): readonly unknown[] => {
  const messages: unknown[] = [];
  const name = `busbar:producer-pool:${event}`;
  const listener = (message: unknown): void => {
    messages.push(message);
  };
  subscribe(name, listener);
  stops.push(() => unsubscribe(name, listener));
  return messages;
};

describe('channels', () => {
  test('R-OB-1 a pool announces itself and leaves with its report', async () => {
    const [created, closed] = [listen('created'), listen('closed')];
    const pool = createProducerPool({ driver: memoryDriver(), name: 'mine' });
    const report = await pool.close();
    expect(created).toEqual([{ name: 'mine', instance: pool }]);
    expect(closed).toEqual([{ name: 'mine', report }]);
  });

  test('R-OB-1 each call is told with its records, times and outcome', async () => {
    await using scripted = await new ScriptedPool({ name: 'mine' }).start();
    const [sends, faults] = [listen('send'), listen('fault')];
    await scripted.publish('a');
    await scripted.clock.advance(30);
    await scripted.end('not leader');
    await scripted.clock.advance(60);
    await scripted.end('ok');
    const common = { name: 'mine', topic: TOPIC, partition: 0, brokerId: 1, recordCount: 1, bytes: 82 };
    expect(sends).toMatchObject([
      {
        ...common,
        producerId: 'mine-1',
        attempt: 1,
        startedAtMs: 0,
        waitMs: 0,
        durationMs: 30,
        outcome: 'failed',
        error: { code: 'BUSBAR_PRODUCER_DRIVER' },
      },
      { ...common, producerId: 'mine-2', attempt: 2, startedAtMs: 80, durationMs: 10, outcome: 'acknowledged' },
    ]);
    expect(faults).toMatchObject([
      {
        name: 'mine',
        topic: TOPIC,
        partition: 0,
        producerId: 'mine-1',
        kind: 'transient',
        outcome: 'rejected',
        kafkaError: 'NOT_LEADER_OR_FOLLOWER',
      },
    ]);
  });

  test('R-OB-1 producers and lanes tell how they change', async () => {
    const [producers, lanes] = [listen('producer'), listen('lane')];
    const scripted = await new ScriptedPool({ name: 'mine' }).start();
    await scripted.publish('a');
    await scripted.end('lost answer');
    await scripted.clock.advance(100);
    await scripted.pool.recycle('certificates');
    await scripted.end('ok');
    await scripted[Symbol.asyncDispose]();
    const steps = producers.map((message) =>
      (typeof message === 'object' && message !== null ? Object.values(message) : []).slice(1).join(' '),
    );
    expect(steps).toEqual([
      'mine-1  connecting',
      'mine-1 connecting ready 0',
      'mine-1 ready retiring connection',
      'mine-1 retiring dead',
      'mine-2  connecting',
      'mine-2 connecting ready 0',
      'mine-3  connecting',
      'mine-3 connecting ready 0',
      'mine-2 ready retiring recycled certificates',
      'mine-2 retiring dead',
      'mine-3 ready retiring closed',
      'mine-3 retiring dead',
    ]);
    expect(lanes).toEqual([
      { name: 'mine', topic: TOPIC, partition: 0, from: 'sending', to: 'backoff', reason: 'failed' },
      { name: 'mine', topic: TOPIC, partition: 0, from: 'backoff', to: 'ready', reason: 'tick' },
    ]);
  });

  test('R-OB-1 waiting for room is told at its begin and end', async () => {
    await using scripted = await new ScriptedPool({
      name: 'mine',
      maxBatchRecords: 1,
      buffer: { maxRecords: 4, maxLaneRecords: 1 },
    }).start();
    const messages = listen('backpressure');
    await scripted.publish('a');
    await scripted.publish('b');
    await scripted.clock.advance(20);
    await scripted.end('ok');
    expect(messages).toEqual([
      { name: 'mine', scope: 'lane', topic: TOPIC, phase: 'begin' },
      { name: 'mine', scope: 'lane', topic: TOPIC, phase: 'end', waitedMs: 20 },
    ]);
  });

  test('R-OB-1 the scope says whether the share of the partition is full or the whole', async () => {
    await using scripted = await new ScriptedPool(
      { maxBatchRecords: 1, buffer: { maxRecords: 4, maxLaneRecords: 2 } },
      3,
    ).start();
    const messages = listen('backpressure');
    for (const partition of [0, 0, 1, 1]) {
      // oxlint-disable-next-line no-await-in-loop -- in turn
      await scripted.publish('a', { partition });
    }
    await scripted.publish('b', { partition: 2 });
    await scripted.publish('c', { partition: 0 });
    expect(messages).toMatchObject([{ scope: 'pool' }, { scope: 'lane' }]);
  });

  test('R-OB-3 nobody listens, nothing is made', () => {
    for (const event of ['send', 'fault', 'producer', 'lane', 'backpressure']) {
      expect(channel(`busbar:producer-pool:${event}`).hasSubscribers).toBe(false);
    }
  });
});

describe('statistics', () => {
  test('R-KP-4 they count records, bytes, calls and retries, and measure waits, calls and batches', async () => {
    await using scripted = await new ScriptedPool({}, 2).start();
    await scripted.publish('a', { partition: 0 });
    await scripted.publish('b', { partition: 1 });
    expect(scripted.pool.stats()).toMatchObject({
      buffered: { records: 2, bytes: 164, limitRecords: 10_000, limitBytes: 33_554_432 },
      lanes: { active: 2, ready: 0, sending: 2, backoff: 0, fenced: 0 },
      slots: { total: 4, busy: 2 },
      connections: 1,
      utilizationRatio: 0.5,
    });
    await scripted.clock.advance(10);
    expect(scripted.pool.stats().buffered.oldestAgeMs).toBe(10);
    await scripted.end('not leader');
    await scripted.clock.advance(60);
    await scripted.end('ok');
    const stats = scripted.pool.stats();
    expect(stats).toMatchObject({
      records: { accepted: 2, acknowledged: 2, rejected: {}, timedOut: 0, aborted: 0 },
      bytes: { accepted: 164, acknowledged: 164 },
      calls: { started: 4, acknowledged: 2, failed: 2, refused: 0, bisected: 0 },
      retries: 2,
      efficiencyRatio: 0.5,
      successRatio: 0.5,
      producersByState: { ready: 1, connecting: 0, retiring: 0 },
      publishToAckMs: { count: 2 },
      callMs: { count: 4, max: 10 },
      batchRecords: { count: 4, p50: 1 },
    });
    expect(stats.perProducer).toMatchObject([
      { name: 'default-2', calls: 2, records: 2, bytes: 164, errors: 0, lastAckAgeMs: 0 },
    ]);
    expect(stats.perTopic).toMatchObject([
      { name: TOPIC, calls: 4, records: 2, errors: 2, lastErrorCode: 'NOT_LEADER_OR_FOLLOWER' },
    ]);
  });

  test('R-KP-4 topics beyond the limit share one row', async () => {
    const driver = memoryDriver({ topics: { a: 1, b: 1, c: 1 } });
    await using pool = createProducerPool({ driver, maxTopicStats: 1 });
    await pool.start();
    for (const topic of ['a', 'b', 'c', 'b']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await pool.publish({ topic, value: 'x' });
    }
    expect(pool.stats().perTopic.map(({ name, records }) => [name, records])).toEqual([
      ['a', 1],
      ['_other', 3],
    ]);
  });

  test('R-KP-4 what is rejected is counted by its code', async () => {
    await using scripted = await new ScriptedPool().start();
    const abort = new AbortController();
    fateOf(scripted.pool.publish({ topic: TOPIC, value: 'a' }, { deliveryTimeoutMs: 50 }));
    fateOf(scripted.pool.publish({ topic: TOPIC, value: 'b' }, { signal: abort.signal }));
    await settle();
    abort.abort();
    await scripted.clock.advance(50);
    expect(scripted.pool.stats().records).toMatchObject({
      rejected: { BUSBAR_PRODUCER_DELIVERY_TIMEOUT: 1, BUSBAR_PRODUCER_ABORTED: 1 },
      timedOut: 1,
      aborted: 1,
    });
  });

  test('R-KP-1 partitions that are idle for long are forgotten', async () => {
    await using scripted = await new ScriptedPool({ laneIdleMs: 1_000 }, 130).start();
    const publishAll = async (from: number, to: number): Promise<void> => {
      for (let partition = from; partition < to; partition += 1)
        fateOf(scripted.pool.publish({ topic: TOPIC, value: 'x', partition }));
      for (let n = 0; n < 40; n += 1) {
        // oxlint-disable no-await-in-loop -- four calls at a time
        await settle();
        await scripted.end('ok');
        // oxlint-enable no-await-in-loop
      }
    };
    await publishAll(0, 64);
    await scripted.clock.advance(2_000);
    await publishAll(64, 130);
    expect(scripted.pool.stats().records.acknowledged).toBe(130);
    expect(scripted.pool.stats().lanes.active).toBe(0);
  });
});
