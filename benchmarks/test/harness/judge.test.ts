import { describe, expect, test } from 'vitest';

import type { Case, Target } from '../../src/harness/define-case.ts';
import { judgeTarget, statusOf } from '../../src/harness/judge.ts';

describe('status of a target', () => {
  const estimate = { value: 1.5, lower: 1.4, upper: 1.6 };

  test.each([
    ['smaller', 1.6, false, 'pass'],
    ['smaller', 1.55, false, 'marginal'],
    ['smaller', 1.5, false, 'marginal'],
    ['smaller', 1.49, false, 'fail'],
    ['bigger', 1.4, true, 'pass'],
    ['bigger', 1.45, true, 'marginal'],
    ['bigger', 1.51, true, 'fail'],
  ] as const)('R-PR-1 BM-12 %s is better, bound %d', (...[, bound, biggerIsBetter, status]) => {
    expect(statusOf(estimate, bound, biggerIsBetter)).toBe(status);
  });
});

const NAMES = ['ours', 'bare', 'peer', 'clock'];
const definition: Case = {
  id: 'B-X-1',
  title: 'x',
  requirements: [],
  class: 'memory-sync',
  unit: 'ns/op',
  direction: 'smaller',
  arms: NAMES.map((name) => ({
    name,
    role: name === 'peer' ? 'peer' : 'ours',
    setup: () => Promise.reject(new Error('not run')),
  })),
  targets: [],
};

/** Every round the same relations, at another speed of the machine. */
const ROWS = [1, 2, 3, 4].map((speed) => [30, 10, 50, 40].map((value) => value * speed));

const judge = (target: Partial<Target>, rows: readonly (readonly number[])[] = ROWS) =>
  judgeTarget({ ours: 'ours', reference: 'bare', metric: 'time', bound: 4, kind: 'ratio', ...target }, definition, {
    seed: 1,
    resamples: 1000,
    rowsOf: () => rows,
  });

test('R-PR-1 BM-1 a ratio is judged round by round, with the peers beside it', () => {
  expect(judge({})).toEqual({
    ours: 'ours',
    reference: 'bare',
    metric: 'time',
    kind: 'ratio',
    bound: 4,
    value: 3,
    lower: 3,
    upper: 3,
    status: 'pass',
    peers: [{ name: 'peer', value: 5 }],
  });
});

test('R-PR-1 BM-1 a difference is counted in units of another arm of the same round', () => {
  expect(judge({ kind: 'difference', per: 'clock', bound: 0.5 })).toMatchObject({
    value: 0.5,
    upper: 0.5,
    status: 'pass',
  });
  expect(judge({ kind: 'difference', bound: 49 }, [[30, 10, 50, 40]])).toMatchObject({ value: 20, status: 'pass' });
});

test('R-PR-1 BM-1 an absolute value stands alone, or in units of an arm', () => {
  expect(judge({ kind: 'absolute', reference: 'ours', bound: 29 }, [[30, 10, 50, 40]])).toMatchObject({
    value: 30,
    status: 'fail',
  });
  expect(judge({ kind: 'absolute', reference: 'ours', per: 'clock', bound: 1 })).toMatchObject({ value: 0.75 });
});

test('R-PR-1 BM-14 a ratio over an arm takes that arm off both sides', () => {
  expect(judge({ reference: 'peer', over: 'bare', bound: 0.6 })).toMatchObject({
    value: 0.5,
    status: 'pass',
    peers: [],
  });
});

test('R-PR-1 BM-12 throughput must reach its bound', () => {
  expect(judge({ metric: 'throughput', bound: 2 })).toMatchObject({ value: 3, status: 'pass' });
  expect(judge({ metric: 'throughput', bound: 4 })).toMatchObject({ value: 3, status: 'fail' });
});

test('R-PR-1 BM-5 a target of which nothing was measured, or whose reference is nothing, is refused', () => {
  expect(() => judge({ metric: 'bytes' }, [])).toThrow('a target on bytes, of which nothing is measured');
  expect(() => judge({}, [[30, 0, 1, 1]])).toThrow(RangeError);
});
