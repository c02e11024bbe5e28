import { describe, expect, test } from 'vitest';

import { CountWindow } from '../../src/windows/count.ts';
import { FAILED, type Outcome, SLOW } from '../../src/windows/failure-window.ts';

const totals = ({ calls, failures, slow }: CountWindow): readonly number[] => [calls, failures, slow];

describe('window of the last calls', () => {
  test('R-CB-1 with room for one it holds the last one', () => {
    const window = new CountWindow(1);
    window.record(FAILED);
    expect(totals(window)).toEqual([1, 1, 0]);
    window.record(SLOW);
    expect(totals(window)).toEqual([1, 0, 1]);
    window.record(0);
    expect(totals(window)).toEqual([1, 0, 0]);
  });

  test('R-CB-1 at its size, and one beyond: what is overwritten is subtracted', () => {
    const window = new CountWindow(3);
    for (const outcome of [3, FAILED, 0] satisfies Outcome[]) window.record(outcome);
    expect(totals(window)).toEqual([3, 2, 1]);
    window.record(SLOW);
    expect(totals(window)).toEqual([3, 1, 1]);
  });

  test('it grows never old, and clearing empties it', () => {
    const window = new CountWindow(3);
    window.record(FAILED);
    window.evict();
    expect(window.buckets()).toEqual([{ ageMs: 0, calls: 1, failures: 1, slow: 0 }]);
    window.clear();
    expect(totals(window)).toEqual([0, 0, 0]);
    expect(window.buckets()).toEqual([]);
  });

  test('R-CB-7 it comes back in order, also into another size', () => {
    const window = new CountWindow(3);
    for (const outcome of [FAILED, SLOW, 0, 3] satisfies Outcome[]) window.record(outcome);
    expect(window.toState()).toEqual({ type: 'count', outcomes: '203' });
    const smaller = new CountWindow(2);
    smaller.restore(window.toState());
    expect(totals(smaller)).toEqual([2, 1, 1]);
    expect(smaller.toState()).toEqual({ type: 'count', outcomes: '03' });
    smaller.restore({ type: 'time', buckets: [] });
    expect(totals(smaller)).toEqual([0, 0, 0]);
  });
});
