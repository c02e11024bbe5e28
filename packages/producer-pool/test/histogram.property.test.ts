import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Histogram } from '../src/histogram.ts';

test('R-KP-4 quantiles of a distribution are within 3.2 % of the sorted values', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 500 }), (values) => {
      const histogram = new Histogram(1_000);
      for (const value of values) histogram.record(value);
      const { count, sum, max, p50, p99, edges, counts } = histogram.snapshot();
      const sorted = values.toSorted((a, b) => a - b);
      const exact = (share: number): number => sorted[Math.ceil(values.length * share) - 1] ?? 0;
      expect(count).toBe(values.length);
      expect(sum).toBeCloseTo(
        values.reduce((all, value) => all + value, 0),
        3,
      );
      expect(max).toBe(sorted.at(-1));
      for (const [found, wanted] of [
        [p50, exact(0.5)],
        [p99, exact(0.99)],
      ] as const) {
        expect(Math.abs(found - wanted)).toBeLessThanOrEqual(0.002 + wanted * 0.032);
      }
      expect(counts.length).toBe(edges.length + 1);
      expect(counts.reduce((all, some) => all + some, 0)).toBe(values.length);
    }),
  );
});

test('R-KP-4 an exported edge is the inclusive upper bound of its count', () => {
  const histogram = new Histogram(1);
  const { edges } = histogram.snapshot();
  expect(edges).toEqual(edges.toSorted((a, b) => a - b));
  const edge = edges[20] ?? 0;
  histogram.record(edge);
  expect(histogram.snapshot().counts[20]).toBe(1);
  histogram.record(edge + 1);
  expect(histogram.snapshot().counts[21]).toBe(1);
  histogram.record(2 ** 40);
  expect(histogram.snapshot().counts.at(-1)).toBe(1);
});

test('R-KP-4 an empty distribution has zeros', () => {
  expect(new Histogram(1).snapshot()).toMatchObject({ count: 0, sum: 0, p50: 0, p99: 0, max: 0 });
});
