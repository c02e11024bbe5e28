import { describe, expect, test } from 'vitest';

import { decideTrip, type TripRule, type TripTally } from '../src/trip-rule.ts';
import { rig } from './breaker-on-manual-time.ts';

const rule: TripRule = {
  consecutive: 0,
  failureRatio: 0.5,
  minimumCalls: 20,
  slowMs: 100,
  slowRatio: 0.25,
  countOverdue: false,
};
const tally = (over: Partial<TripTally>): TripTally => ({ consecutive: 0, calls: 20, failures: 0, slow: 0, ...over });

describe('when a breaker opens', () => {
  test.each<[string, { seen: Partial<TripTally>; over: Partial<TripRule> }, string | undefined]>([
    ['half of twenty', { seen: { failures: 10 }, over: {} }, 'failure-rate'],
    ['one less than half', { seen: { failures: 9 }, over: {} }, undefined],
    ['all, but one call short of the minimum', { seen: { calls: 19, failures: 19 }, over: {} }, undefined],
    [
      'exactly three tenths of ten',
      { seen: { calls: 10, failures: 3 }, over: { minimumCalls: 10, failureRatio: 0.3 } },
      'failure-rate',
    ],
    [
      'exactly seven tenths of ten',
      { seen: { calls: 10, failures: 7 }, over: { minimumCalls: 10, failureRatio: 0.7 } },
      'failure-rate',
    ],
    ['a rate that is off', { seen: { failures: 20 }, over: { failureRatio: 0 } }, undefined],
    ['a quarter slow', { seen: { slow: 5 }, over: {} }, 'slow-rate'],
    ['less than a quarter slow', { seen: { slow: 4 }, over: {} }, undefined],
    ['slow calls with that rule off', { seen: { slow: 20 }, over: { slowRatio: 0 } }, undefined],
    ['the failures in a row', { seen: { calls: 3, consecutive: 3 }, over: { consecutive: 3 } }, 'consecutive'],
    ['one less in a row', { seen: { calls: 3, consecutive: 2 }, over: { consecutive: 3 } }, undefined],
    ['failures in a row with that rule off', { seen: { calls: 3, consecutive: 99 }, over: {} }, undefined],
    ['no window at all', { seen: { calls: 0, failures: 0 }, over: {} }, undefined],
  ])('R-CB-1 R-CB-7 %s', (_, { seen, over }, cause) => {
    expect(decideTrip(tally(seen), { ...rule, ...over })).toBe(cause);
  });

  const byRate = { trip: { consecutive: 0, failureRatio: 0.5, minimumCalls: 20 } };

  test('R-CB-7 ten failures of twenty, the last call a failure: open', async () => {
    const { edges, fail, succeed } = rig(byRate);
    await succeed(10);
    await fail(9);
    expect(edges()).toEqual([]);
    await fail(1);
    expect(edges()).toEqual(['closed>open failure-rate']);
  });

  test('R-CB-7 nineteen failures and a success: a success never opens; the next failure does', async () => {
    const { breaker, events, fail, succeed } = rig(byRate);
    await fail(19);
    await succeed(1);
    expect(breaker.state).toBe('closed');
    expect(breaker.failureRatio).toBe(0.95);
    await fail(1);
    expect(events).toMatchObject([{ cause: 'failure-rate', calls: 21, failures: 20, slow: 0 }]);
  });

  test.each(['count', 'none'] as const)(
    'R-CB-1 with a window of type %s no clock is read while closed',
    async (type) => {
      let readings = 0;
      const now = (): number => (readings += 1);
      const trip = { consecutive: 3, failureRatio: 0, minimumCalls: 20 };
      const { breaker, fail, succeed } = rig({ window: { type }, trip, clock: { now } });
      const before = readings;
      await succeed(2);
      await fail(2);
      expect(readings).toBe(before);
      expect(breaker.stats()).toMatchObject({ consecutiveFailures: 2, windowFailures: type === 'count' ? 2 : 0 });
    },
  );

  test('R-CB-7 refusals leave the window alone (opossum O5)', async () => {
    const { breaker, fail } = rig(byRate);
    await fail(20);
    for (let call = 0; call < 100; call += 1) breaker.tryAcquire();
    expect(breaker.stats()).toMatchObject({ windowCalls: 20, windowFailures: 20, rejectedOpen: 100 });
  });

  test('R-CB-1 slow calls alone open it, failed or not', async () => {
    const { breaker, clock, events } = rig({
      trip: { consecutive: 0, failureRatio: 0, minimumCalls: 2, slowMs: 50, slowRatio: 1 },
    });
    const first = breaker.tryAcquire();
    const second = breaker.tryAcquire();
    const startedAtMs = breaker.now();
    await clock.advance(50);
    if (first === 0 || second === 0) return;
    breaker.success(first, startedAtMs);
    expect(breaker.stats()).toMatchObject({ slow: 1, windowSlow: 1, slowRatio: 1, state: 'closed' });
    breaker.failure(second, startedAtMs);
    expect(events).toMatchObject([{ cause: 'slow-rate', calls: 2, failures: 1, slow: 2 }]);
  });

  test('R-CB-1 a probe that is slow counts as failed', async () => {
    const { breaker, clock, edges, fail } = rig({ trip: { consecutive: 2, slowMs: 50, slowRatio: 0.5 } });
    await fail(2);
    await clock.advance(100);
    const gate = Promise.withResolvers<string>();
    const probe = breaker.execute(() => gate.promise);
    await clock.advance(50);
    gate.resolve('at last');
    expect(await probe).toBe('at last');
    expect(edges().at(-1)).toBe('half-open>open probe-failed');
  });
});
