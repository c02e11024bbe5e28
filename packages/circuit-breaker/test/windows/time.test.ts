import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { FAILED, type Outcome, SLOW } from '../../src/windows/failure-window.ts';
import { TimeWindow } from '../../src/windows/time.ts';

const totals = ({ calls, failures, slow }: TimeWindow): readonly number[] => [calls, failures, slow];
const windowOf = (buckets: number, durationMs = 100): TimeWindow =>
  new TimeWindow({ durationMs, buckets, originMs: 0 });

describe('window of the last calls in time', () => {
  test('R-CB-1 a call stays until the bucket in which it fell has left the window', () => {
    const window = windowOf(10);
    window.record(FAILED, 0);
    window.record(SLOW, 9.999);
    window.record(0, 10);
    window.evict(99.999);
    expect(totals(window)).toEqual([3, 1, 1]);
    window.evict(100);
    expect(totals(window)).toEqual([1, 0, 0]);
    window.evict(110);
    expect(totals(window)).toEqual([0, 0, 0]);
  });

  test.each([
    [1, 2],
    [8, 2],
    [9, 2],
    [10, 1],
    [11, 1],
    [360_000, 1],
  ])('R-CB-1 after a silence of %d buckets %d of two calls are left with the new one', (silence, left) => {
    const window = windowOf(10);
    window.record(FAILED, 5);
    window.record(0, 5 + silence * 10);
    expect(window.calls).toBe(left);
  });

  test('R-CB-1 reading evicts: failures of an hour ago do not open a breaker (cockatiel C3)', () => {
    const window = windowOf(10);
    for (let call = 0; call < 4; call += 1) window.record(FAILED, call);
    window.evict(3_600_000);
    window.record(FAILED, 3_600_000);
    expect(totals(window)).toEqual([1, 1, 0]);
  });

  test('a clock that steps back records into the present bucket', () => {
    const window = windowOf(10);
    window.record(FAILED, 55);
    window.record(FAILED, 12);
    window.evict(149);
    expect(window.failures).toBe(2);
  });

  test('buckets of a fractional width do not drift over a million calls', () => {
    const window = windowOf(7, 100);
    const widthMs = 100 / 7;
    let nowMs = 0;
    for (let call = 0; call < 1_000_000; call += 1) {
      nowMs = call * 0.37;
      window.record(0, nowMs);
    }
    const numberOf = (atMs: number): number => Math.floor(atMs / widthMs);
    let expected = 0;
    for (let call = 999_999; numberOf(nowMs) - numberOf(call * 0.37) < 7; call -= 1) expected += 1;
    expect(window.calls).toBe(expected);
  });

  test('R-CB-2 the totals equal a recount of the outcomes, whatever happens', () => {
    const script = fc.array(fc.record({ stepMs: fc.nat(400), outcome: fc.constantFrom<Outcome>(0, 1, 2, 3) }), {
      maxLength: 200,
      size: 'max',
    });
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 5, 8), script, (buckets, steps) => {
        const window = windowOf(buckets, 1_000);
        const widthMs = 1_000 / buckets;
        const seen: { number: number; outcome: Outcome }[] = [];
        let nowMs = 0;
        for (const { stepMs, outcome } of steps) {
          nowMs += stepMs;
          window.record(outcome, nowMs);
          const number = Math.floor(nowMs / widthMs);
          seen.push({ number, outcome });
          const inside = seen.filter((one) => number - one.number < buckets);
          expect(totals(window)).toEqual([
            inside.length,
            inside.filter((one) => (one.outcome & FAILED) !== 0).length,
            inside.filter((one) => (one.outcome & SLOW) !== 0).length,
          ]);
        }
        const fromBuckets = window.buckets(nowMs).reduce((sum, one) => sum + one.calls, 0);
        expect(fromBuckets).toBe(window.calls);
      }),
      { numRuns: 50 },
    );
  });

  test('the buckets are told oldest first, with their age', () => {
    const window = windowOf(10);
    window.record(FAILED, 12);
    window.record(SLOW, 47);
    expect(window.buckets(48)).toEqual([
      { ageMs: 38, calls: 1, failures: 1, slow: 0 },
      { ageMs: 8, calls: 1, failures: 0, slow: 1 },
    ]);
  });

  test('R-CB-7 restored, it is as if it had never been away', () => {
    const saved = windowOf(10);
    saved.record(FAILED, 12);
    saved.record(SLOW, 47);
    const restored = new TimeWindow({ durationMs: 100, buckets: 10, originMs: 1_000 });
    restored.restore(saved.toState(48), 1_000, 20);
    // 1_000 on this clock is 68 on the other; the first call leaves at 110, the second at 140
    restored.evict(1_041.9);
    expect(totals(restored)).toEqual([2, 1, 1]);
    restored.evict(1_042.1);
    expect(totals(restored)).toEqual([1, 0, 1]);
    restored.record(0, 1_050);
    restored.evict(1_072.1);
    expect(totals(restored)).toEqual([1, 0, 0]);
  });

  test('R-CB-7 what has grown too old meanwhile is dropped, and so is another kind of window', () => {
    const saved = windowOf(10);
    saved.record(FAILED, 12);
    const restored = windowOf(10);
    restored.record(FAILED, 1);
    restored.restore(saved.toState(12), 5, 90);
    expect(totals(restored)).toEqual([1, 1, 0]);
    restored.restore(saved.toState(12), 5, 100);
    expect(totals(restored)).toEqual([0, 0, 0]);
    restored.restore({ type: 'count', outcomes: '111' }, 5, 0);
    expect(totals(restored)).toEqual([0, 0, 0]);
  });
});
