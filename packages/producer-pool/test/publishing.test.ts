import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test, vi } from 'vitest';

import type { Settlement } from '../src/index.ts';
import { fateOf, ScriptedPool, TOPIC } from './scripted-pool.ts';

const SMALL = { maxBatchRecords: 1, buffer: { maxRecords: 4, maxLaneRecords: 2, maxBlockMs: 1_000 } };

const textOf = (settlement: Settlement | undefined): string => {
  if (settlement === undefined) return 'none';
  return settlement.ok ? 'ok' : settlement.error.code.replace('BUSBAR_PRODUCER_', '');
};

describe('back-pressure', () => {
  test('R-KP-1 publish waits for room in its turn, tryPublish does not', async () => {
    await using scripted = await new ScriptedPool(SMALL).start();
    const { pool } = scripted;
    const fates = [await scripted.publish('a'), await scripted.publish('b'), await scripted.publish('c')];
    const refused = fateOf(pool.tryPublish({ topic: TOPIC, key: 'k', value: 'd' }));
    await settle();
    expect(refused.text).toBe('BUFFER_FULL/not-sent');
    expect(refused.error).toMatchObject({ details: { buffered: 2, limit: 4, oldestAgeMs: 0 }, retryable: true });
    await scripted.end('ok');
    await scripted.end('ok');
    await scripted.end('ok');
    expect(fates.map(({ text }) => text)).toEqual(['ok@0', 'ok@1', 'ok@2']);
    expect(scripted.sent).toEqual(['a', 'b', 'c']);
    expect(pool.stats().backpressure).toEqual({ waits: 1, timeouts: 0 });
    const tried = fateOf(pool.tryPublish({ topic: TOPIC, key: 'k', value: 'e' }));
    await settle();
    await scripted.end('ok');
    expect(tried.text).toBe('ok@3');
  });

  test('R-KP-6 the wait ends at maxBlockMs, at the delivery timeout, or with the signal', async () => {
    await using scripted = await new ScriptedPool(SMALL).start();
    const { pool, clock } = scripted;
    await scripted.publish('a');
    await scripted.publish('b');
    const abort = new AbortController();
    const record = { topic: TOPIC, key: 'k', value: 'x' };
    const blocked = fateOf(pool.publish(record));
    const hasty = fateOf(pool.publish(record, { maxBlockMs: 100 }));
    const expired = fateOf(pool.publish(record, { deliveryTimeoutMs: 200 }));
    const aborted = fateOf(pool.publish(record, { signal: abort.signal }));
    const never = fateOf(pool.publish(record, { maxBlockMs: 0 }));
    await clock.advance(100);
    abort.abort('enough');
    await settle();
    expect([hasty.text, aborted.text, never.text, expired.text]).toEqual([
      'BUFFER_FULL/not-sent',
      'ABORTED/not-sent',
      'BUFFER_FULL/not-sent',
      'pending',
    ]);
    await clock.advance(100);
    expect(expired.text).toBe('DELIVERY_TIMEOUT/not-sent');
    await clock.advance(800);
    expect(blocked.text).toBe('BUFFER_FULL/not-sent');
    expect(scripted.sent).toEqual(['a']);
  });

  test('R-KP-6 one partition cannot take the whole buffer', async () => {
    await using scripted = await new ScriptedPool(SMALL, 2).start();
    await scripted.publish('a', { partition: 0 });
    await scripted.publish('b', { partition: 0 });
    await scripted.publish('c', { partition: 0 });
    await scripted.publish('d', { partition: 1 });
    expect(scripted.sent).toEqual(['a', 'd']);
  });

  test('R-KP-6 a full buffer ends the linger of everybody', async () => {
    await using scripted = await new ScriptedPool({
      lingerMs: 5_000,
      maxBatchRecords: 3,
      buffer: { maxRecords: 12, maxLaneRecords: 2 },
    }).start();
    await scripted.publish('a');
    await scripted.publish('b');
    expect(scripted.sent).toEqual([]);
    await scripted.publish('c');
    expect(scripted.sent).toEqual(['ab']);
  });
});

describe('records that are refused', () => {
  test('R-KP-3 what breaks a rule never reaches the buffer', async () => {
    await using scripted = await new ScriptedPool({ maxRequestBytes: 2_048, maxBatchBytes: 2_048 }).start();
    const { pool } = scripted;
    const fates = [
      fateOf(pool.publish({ topic: 'no good', value: 'x' })),
      fateOf(pool.publish({ topic: 'no good', value: 'x' })),
      fateOf(pool.publish({ topic: TOPIC, key: 'x'.repeat(5_000), value: 'x' })),
      fateOf(pool.publish({ topic: TOPIC, value: 'x'.repeat(1_025) })),
    ];
    await settle();
    expect(fates.map(({ text }) => text)).toEqual([
      'RECORD_INVALID/not-sent',
      'RECORD_INVALID/not-sent',
      'RECORD_INVALID/not-sent',
      'RECORD_TOO_LARGE/not-sent',
    ]);
    expect(pool.stats()).toMatchObject({
      records: { accepted: 0, rejected: { BUSBAR_PRODUCER_RECORD_INVALID: 3, BUSBAR_PRODUCER_RECORD_TOO_LARGE: 1 } },
    });
  });

  test('R-KP-3 one name check per topic', async () => {
    await using scripted = await new ScriptedPool().start();
    const check = vi.spyOn(RegExp.prototype, 'test');
    const topics = Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? TOPIC : 'no good'));
    for (const topic of topics) fateOf(scripted.pool.publish({ topic, value: 'x' }));
    const checks = check.mock.contexts.filter(
      (pattern) => pattern instanceof RegExp && pattern.source.includes('249'),
    ).length;
    check.mockRestore();
    expect(checks).toBe(2);
  });

  test('R-KP-6 a partition that is not there is invalid, also when that is found out later', async () => {
    await using scripted = await new ScriptedPool({}, 2).start();
    const early = await scripted.publish('a', { partition: 2 });
    const late = await scripted.publish('b', { partition: 7 });
    const there = await scripted.publish('c', { partition: 1 });
    await scripted.end('ok');
    expect([early.text, late.text, there.text]).toEqual(['RECORD_INVALID/not-sent', 'RECORD_INVALID/not-sent', 'ok@0']);
    expect(scripted.pool.stats().buffered.records).toBe(0);
  });
});

describe('a room that is emptied', () => {
  /** A pool whose topic is not known yet: what is published waits, two records in the room and the rest before it. */
  const unknown = async (): Promise<{ readonly scripted: ScriptedPool; readonly tell: () => Promise<void> }> => {
    const scripted = await new ScriptedPool({
      maxBatchRecords: 1,
      buffer: { maxRecords: 8, maxLaneRecords: 2 },
    }).start();
    const gate = Promise.withResolvers<void>();
    scripted.cluster.metadataGate = gate.promise;
    const tell = async (): Promise<void> => {
      gate.resolve();
      await settle();
    };
    return { scripted, tell };
  };

  test('R-KP-6 who waits before it goes to his lane, also when a record in it is refused', async () => {
    const { scripted, tell } = await unknown();
    const [refused, first, waiting] = [
      await scripted.publish('a', { partition: 9 }),
      await scripted.publish('b'),
      await scripted.publish('c'),
    ];
    await tell();
    expect(refused.text).toBe('RECORD_INVALID/not-sent');
    await scripted.end('ok');
    await scripted.end('ok');
    expect([first.text, waiting.text]).toEqual(['ok@0', 'ok@1']);
    await scripted[Symbol.asyncDispose]();
  });

  test('R-KP-6 who gives up while others are let in is not sent', async () => {
    const { scripted, tell } = await unknown();
    await scripted.publish('a');
    await scripted.publish('b');
    const abort = new AbortController();
    const batch = scripted.pool.publishBatch([{ topic: TOPIC, value: 'c', partition: 9 }], {
      onSettled: () => {
        abort.abort();
      },
    });
    const given = fateOf(scripted.pool.publish({ topic: TOPIC, value: 'd' }, { signal: abort.signal }));
    const kept = fateOf(scripted.pool.publish({ topic: TOPIC, value: 'e' }));
    await tell();
    for (let round = 0; round < 4; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      await scripted.end('ok');
    }
    expect((await batch)[0]?.ok).toBe(false);
    expect([given.text, kept.text]).toEqual(['ABORTED/not-sent', 'ok@2']);
    expect(scripted.sent).toEqual(['a', 'b', 'e']);
    await scripted[Symbol.asyncDispose]();
  });
});

describe('publishBatch', () => {
  test('R-KP-6 the answer to each record stands at its place; an empty batch has none', async () => {
    await using scripted = await new ScriptedPool({}, 2).start();
    const { pool } = scripted;
    expect(await pool.publishBatch([])).toEqual([]);
    const told: string[] = [];
    const publishing = pool.publishBatch(
      [
        { topic: TOPIC, partition: 1, value: 'a' },
        { topic: 'no good', value: 'b' },
        { topic: TOPIC, partition: 0, value: 'c' },
      ],
      { onSettled: (index, settlement) => told.push(`${index} ${textOf(settlement)}`) },
    );
    await settle();
    expect(told).toEqual(['1 RECORD_INVALID']);
    await scripted.end('ok');
    expect((await publishing).map(textOf)).toEqual(['ok', 'RECORD_INVALID', 'ok']);
  });

  test('R-KP-6 nothing of a key follows its refused record, not even what still waits for room', async () => {
    await using scripted = await new ScriptedPool({ ...SMALL, maxKeyBytes: 3 }).start();
    const publishing = scripted.pool.publishBatch([
      { topic: TOPIC, key: 'a', value: '0' },
      { topic: TOPIC, key: 'a', value: 'poison' },
      { topic: TOPIC, key: 'a', value: '2' },
      { topic: TOPIC, key: 'b', value: '3', headers: { '': 'wrong' } },
      { topic: TOPIC, key: 'c', value: 'x'.repeat(2_000_000) },
      { topic: TOPIC, key: 'c', value: '5' },
      { topic: TOPIC, key: 'd', value: '6' },
    ]);
    for (let n = 0; n < 6; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      await settle();
      // oxlint-disable-next-line no-await-in-loop -- one call after the other
      await scripted.end('ok');
    }
    expect((await publishing).map(textOf)).toEqual([
      'ok',
      'RECORD_TOO_LARGE',
      'KEY_BLOCKED',
      'RECORD_INVALID',
      'RECORD_TOO_LARGE',
      'KEY_BLOCKED',
      'ok',
    ]);
    expect(scripted.sent).toEqual(['0', 'poison', '6']);
    expect(scripted.pool.stats().buffered.records).toBe(0);
  });

  test('R-KP-6 the truth about an unknown record is told when it is known', async () => {
    await using scripted = await new ScriptedPool().start();
    const told: string[] = [];
    const publishing = scripted.pool.publishBatch([{ topic: TOPIC, key: 'k', value: 'a' }], {
      deliveryTimeoutMs: 300,
      onSettled: (_, settlement) => told.push(settlement.ok ? `ok@${settlement.ack.offset}` : settlement.error.outcome),
    });
    await scripted.clock.advance(300);
    expect((await publishing).map(textOf)).toEqual(['DELIVERY_TIMEOUT']);
    expect(scripted.pool.health()).toMatchObject({ status: 'degraded', reasons: ['1 partitions are fenced'] });
    expect(scripted.pool.stats().buffered.records).toBe(1);
    await scripted.end('lost answer');
    await scripted.clock.advance(500);
    await scripted.end('ok');
    expect(told).toEqual(['unknown', 'ok@1']);
    expect(scripted.pool.stats().buffered.records).toBe(0);
  });

  test('R-KP-6 one signal takes back all that was not sent', async () => {
    await using scripted = await new ScriptedPool({
      maxBatchRecords: 1,
      buffer: { maxRecords: 4, maxLaneRecords: 2 },
    }).start();
    const abort = new AbortController();
    const records = ['a', 'b', 'c', 'd'].map((value) => ({ topic: TOPIC, key: value, value }));
    const publishing = scripted.pool.publishBatch(records, { signal: abort.signal });
    await settle();
    abort.abort();
    const settlements = await publishing;
    expect(settlements.map((one) => (one.ok ? 'ok' : one.error.outcome))).toEqual([
      'unknown',
      'not-sent',
      'not-sent',
      'not-sent',
    ]);
    const before = await scripted.pool.publishBatch(records, { signal: AbortSignal.abort() });
    expect(before.map(textOf)).toEqual(['ABORTED', 'ABORTED', 'ABORTED', 'ABORTED']);
    expect(fateOf(scripted.pool.publish({ topic: TOPIC, value: 'x' }, { signal: AbortSignal.abort() }))).toBeDefined();
    await settle();
    expect(scripted.sent).toEqual(['a']);
  });

  test('R-KP-6 a callback that throws disturbs nobody and is not silent', async () => {
    await using scripted = await new ScriptedPool().start();
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const publishing = scripted.pool.publishBatch(
      ['a', 'b'].map((value) => ({ topic: TOPIC, value })),
      {
        onSettled: () => {
          throw new TypeError('mine');
        },
      },
    );
    await settle();
    await scripted.end('ok');
    expect((await publishing).map(textOf)).toEqual(['ok', 'ok']);
    expect(warning).toHaveBeenCalledTimes(2);
    warning.mockRestore();
  });
});

describe('where records go', () => {
  test('R-KP-6 laneOf names the partition of a key once it is known', async () => {
    await using scripted = new ScriptedPool({ topics: [TOPIC] }, 5);
    expect(scripted.pool.laneOf({ topic: TOPIC, key: 'foobar' })).toBeUndefined();
    await scripted.start();
    // murmur2('foobar') & 0x7fffffff = 1357151166
    expect(scripted.pool.laneOf({ topic: TOPIC, key: 'foobar' })).toBe(`${TOPIC}-${1_357_151_166 % 5}`);
    expect(scripted.pool.laneOf({ topic: TOPIC, key: null })).toBeUndefined();
    expect(scripted.pool.laneOf({ topic: TOPIC })).toBeUndefined();
    expect(scripted.pool.laneOf({ topic: 'other', key: 'a' })).toBeUndefined();
  });

  test('R-KP-6 records without a key go where there is a leader and no failure', async () => {
    await using scripted = new ScriptedPool({ maxBatchRecords: 1 }, 3);
    scripted.cluster.leaderless = new Set([1]);
    await scripted.start();
    await scripted.publish('a', { partition: 2 });
    await scripted.end('not leader');
    await scripted.publish('b', { key: null });
    await scripted.publish('c', { key: null });
    expect(new Set(scripted.cluster.calls.slice(1).map(({ call }) => call.partition))).toEqual(new Set([0]));
  });
});
