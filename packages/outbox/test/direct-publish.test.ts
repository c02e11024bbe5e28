import { type ManualClock, manualClock, settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import {
  createOutbox,
  type OutboxOptions,
  type OutboxRecord,
  type Publisher,
  type PublishOutcome,
} from '../src/index.ts';
import { shardOf } from '../src/record.ts';
import { createMemoryPublisher, type MemoryPublisher, refused } from '../src/testing/index.ts';
import { type FakeQueryable, fakeQueryable, sqlError } from './support/fake-queryable.ts';
import { failed } from './support/rows.ts';

const event: OutboxRecord = { id: 'e1', topic: 'orders', key: 'k', headers: {}, value: '{}' };
const ROW = [{ seq: '7', event_id: 'e1', xid: '9' }];
const LOST = Object.assign(new Error('socket closed'), { code: 'ECONNRESET' });

type Answers = Parameters<typeof fakeQueryable>[0];

const setUp = (answers: Answers = {}, options: Partial<OutboxOptions> = {}) => {
  const clock: ManualClock = manualClock();
  const publisher: MemoryPublisher = createMemoryPublisher({ timers: clock.timers });
  const write: FakeQueryable = fakeQueryable({ 'insert into': () => ROW, ...answers });
  const outbox = createOutbox({
    publisher,
    write,
    connections: { acquire: () => Promise.reject(new Error('no relay here')) },
    clock,
    timers: clock.timers,
    random: () => 0.5,
    ...options,
  });
  return { clock, publisher, write, outbox };
};

/** A publisher with a script: one outcome after the other, the last one for ever. */
const scripted = (
  outcomes: readonly PublishOutcome[],
  more: Partial<Publisher> = {},
): Publisher & { readonly calls: () => number } => {
  let calls = 0;
  return {
    keepsKeyPrefix: true,
    publish: async () => {
      calls += 1;
      const outcome = outcomes[Math.min(calls, outcomes.length) - 1];
      if (outcome === undefined) throw new Error('an empty script');
      return outcome;
    },
    publishBatch: () => Promise.resolve([]),
    calls: () => calls,
    ...more,
  };
};

const inserts = (write: FakeQueryable): number => write.calls.filter(({ text }) => text.includes('insert into')).length;

describe('R-KP-1 publish under spill', () => {
  test.each([
    ['unavailable', failed('broker', 'not-sent')],
    ['failed', failed('lane', 'rejected')],
    ['failed', failed('topic', 'rejected')],
    ['unknown', failed('lane', 'unknown')],
    ['unknown', failed('record', 'unknown')],
  ] as const)('D1 goes to the outbox with the cause %s', async (cause, outcome) => {
    const { outbox, write } = setUp({}, { publisher: scripted([outcome]) });
    expect(await outbox.publish(event)).toEqual({ via: 'outbox', seq: 7n, cause });
    expect(write.calls.at(-1)?.values.slice(2, 5)).toEqual(['e1', 'orders', 'k']);
    expect(outbox.stats().direct.spilled[cause]).toBe(1);
  });

  test('D1 a record that the broker refuses for its own sake is the caller’s, and not stored', async () => {
    const { outbox, write, publisher, clock } = setUp();
    publisher.behave(() => refused('TOO_BIG'));
    const published = outbox.publish(event);
    await Promise.all([
      expect(published).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_RECORD_REJECTED', details: { code: 'TOO_BIG' } }),
      clock.advance(1),
    ]);
    expect(inserts(write)).toBe(0);
  });

  test('D1 a broker that does not answer leaves a second for the outbox', async () => {
    const { outbox, publisher, clock } = setUp();
    publisher.behave(() => 'stall');
    const published = outbox.publish(event);
    await clock.advance(3_999);
    expect(publisher.log).toEqual([]);
    await clock.advance(1);
    expect(await published).toMatchObject({ via: 'outbox', cause: 'unknown' });
  });

  test('D1 an INSERT of unknown outcome is repeated once, with the same id', async () => {
    let attempts = 0;
    const { outbox, write } = setUp(
      { 'insert into': () => ((attempts += 1) === 1 ? LOST : ROW) },
      { publisher: scripted([failed('broker', 'not-sent')]) },
    );
    expect(await outbox.publish(event)).toMatchObject({ via: 'outbox' });
    expect(inserts(write)).toBe(2);
  });

  test.each([
    [failed('broker', 'not-sent'), sqlError('53300'), { outcome: 'not-sent', retryable: true }],
    [failed('broker', 'unknown'), sqlError('53300'), { outcome: 'unknown', retryable: true }],
    [failed('broker', 'not-sent'), LOST, { outcome: 'unknown', retryable: true }],
    [
      failed('broker', 'not-sent', { retryAfterMs: 70 }),
      sqlError('42501'),
      { outcome: 'not-sent', retryable: false, retryAfterMs: 70 },
    ],
  ] as const)('both ways down is PUBLISH_UNAVAILABLE: broker %o, table %o', async (outcome, error, expected) => {
    const { outbox } = setUp({ 'insert into': () => error }, { publisher: scripted([outcome]) });
    await expect(outbox.publish(event)).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_PUBLISH_UNAVAILABLE',
      ...expected,
    });
    expect(outbox.stats().direct.rejected).toBe(1);
  });

  test('a table that does not answer ends at the time limit, with an unknown outcome', async () => {
    const { outbox, clock } = setUp(
      { 'insert into': () => new Promise<never>(() => undefined) },
      { publisher: scripted([failed('broker', 'not-sent')]) },
    );
    const published = outbox.publish(event, { timeoutMs: 100 });
    await Promise.all([
      expect(published).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_DEADLINE', outcome: 'unknown' }),
      clock.advance(100),
    ]);
  });

  test('a publisher that rejects instead of giving an outcome loses nothing', async () => {
    const { outbox } = setUp({}, { publisher: scripted([]) });
    expect(await outbox.publish(event)).toMatchObject({ via: 'outbox', cause: 'unknown' });
  });

  test('an abort ends a call before and during the attempt', async () => {
    const { outbox, publisher } = setUp();
    await expect(outbox.publish(event, { signal: AbortSignal.abort('late') })).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_ABORTED',
      outcome: 'not-sent',
      cause: 'late',
    });
    const controller = new AbortController();
    const aborted = setUp({}, { publisher: scripted([failed('broker', 'unknown')], {}) });
    const published = aborted.outbox.publish(event, { signal: controller.signal });
    controller.abort();
    await expect(published).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_ABORTED' });
    expect(publisher.log).toEqual([]);
  });
});

describe('D2 a sticky shard', () => {
  test('takes every direct publish, under every mode, and is asked about at most each 50 ms', async () => {
    let rows: readonly unknown[] = [{ shard: shardOf(event) }];
    const { outbox, write, publisher, clock } = setUp({ pg_visible_in_snapshot: () => rows });
    publisher.down();
    const first = outbox.publish(event);
    await clock.advance(1);
    await first;
    publisher.up();
    await clock.advance(60);
    const modes = ['spill', 'wait', 'fail'] as const;
    const receipts = await Promise.all(modes.map((whenUnavailable) => outbox.publish(event, { whenUnavailable })));
    expect(receipts.map((receipt) => receipt.via === 'outbox' && receipt.cause)).toEqual([
      'sticky',
      'sticky',
      'sticky',
    ]);
    expect(await outbox.publish(event)).toMatchObject({ via: 'outbox', cause: 'sticky' });
    expect(write.calls.filter(({ text }) => text.includes('pg_visible_in_snapshot'))).toHaveLength(1);
    expect(outbox.stats().stickyShards).toBe(1);
    rows = [];
    await clock.advance(60);
    const freed = outbox.publish(event);
    await clock.advance(1);
    expect(await freed).toEqual({ via: 'broker' });
    expect(outbox.stats().stickyShards).toBe(0);
  });

  test('stays sticky while the check fails, or the rows from before cannot be read', async () => {
    const { outbox, publisher, clock } = setUp({ pg_visible_in_snapshot: () => sqlError('42501') });
    publisher.down();
    const first = outbox.publish(event);
    await clock.advance(1);
    await first;
    publisher.up();
    await clock.advance(60);
    expect(await outbox.publish(event)).toMatchObject({ via: 'outbox', cause: 'sticky' });
    expect(outbox.stats().dbErrors).toBe(1);
    const blind = setUp({ generate_series: () => sqlError('42501') });
    expect(await blind.outbox.publish(event)).toMatchObject({ via: 'outbox', cause: 'sticky' });
  });
});

describe('publish under fail and wait', () => {
  test('fail rejects at once, with the hint', async () => {
    const { outbox, write } = setUp({}, { publisher: scripted([failed('broker', 'not-sent', { retryAfterMs: 400 })]) });
    await expect(outbox.publish(event, { whenUnavailable: 'fail' })).rejects.toMatchObject({
      code: 'BUSBAR_OUTBOX_PUBLISH_UNAVAILABLE',
      retryAfterMs: 400,
      outcome: 'not-sent',
    });
    expect(inserts(write)).toBe(0);
  });

  test('wait tries again when guard and back-off say so, and stores nothing', async () => {
    const guard = Promise.withResolvers<void>();
    const publisher = scripted([failed('broker', 'not-sent'), { ok: true }], { ready: () => guard.promise });
    const { outbox, write, clock } = setUp({}, { publisher });
    const published = outbox.publish(event, { whenUnavailable: 'wait' });
    await clock.advance(1_000);
    expect(publisher.calls()).toBe(1);
    guard.resolve();
    await settle();
    expect(await published).toEqual({ via: 'broker' });
    expect(inserts(write)).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  test('wait without a guard backs off, and ends before its limit with what it knows', async () => {
    const publisher = scripted([failed('broker', 'unknown'), failed('broker', 'not-sent')]);
    const { outbox, clock } = setUp({}, { publisher });
    const published = outbox.publish(event, { whenUnavailable: 'wait', timeoutMs: 2_000 });
    await Promise.all([
      expect(published).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_PUBLISH_UNAVAILABLE', outcome: 'unknown' }),
      clock.advance(2_000),
    ]);
    expect(publisher.calls()).toBe(4);
    expect(clock.pending()).toBe(0);
  });

  test('wait ends at its limit when the guard never answers, and at once when the caller aborts', async () => {
    const publisher = scripted([failed('broker', 'not-sent')], { ready: () => new Promise<never>(() => undefined) });
    const { outbox, clock } = setUp({}, { publisher });
    const limited = outbox.publish(event, { whenUnavailable: 'wait', timeoutMs: 500 });
    await Promise.all([
      expect(limited).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_PUBLISH_UNAVAILABLE' }),
      clock.advance(500),
    ]);
    const controller = new AbortController();
    const aborted = outbox.publish(event, { whenUnavailable: 'wait', signal: controller.signal });
    await settle();
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'BUSBAR_OUTBOX_ABORTED' });
    expect(clock.pending()).toBe(0);
  });
});
