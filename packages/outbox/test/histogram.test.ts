import { expect, test } from 'vitest';

import { DURATION_EDGES_MS, Histogram } from '../src/histogram.ts';

test('counts, sum and quantiles of a distribution', () => {
  const histogram = new Histogram([10, 20, 50]);
  for (const value of [1, 10, 11, 20, 30, 70]) histogram.record(value);
  expect(histogram.snapshot()).toEqual({
    count: 6,
    sum: 142,
    edges: [10, 20, 50],
    counts: [2, 2, 1, 1],
    p50: 20,
    p95: 70,
    p99: 70,
  });
});

test('an empty distribution is zeros', () => {
  expect(new Histogram(DURATION_EDGES_MS).snapshot()).toMatchObject({ count: 0, sum: 0, p50: 0, p99: 0 });
});
