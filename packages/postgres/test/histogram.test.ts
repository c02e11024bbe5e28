import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Histogram } from '../src/histogram.ts';

test('R-PG-6 a quantile is off by at most 3.2 % or a microsecond', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 4_000_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
      (values) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(value);
        const { count, sum, max, p50, p99, counts, edges } = histogram.snapshot();
        const sorted = values.toSorted((a, b) => a - b);
        const exact = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
        for (const [approximate, share] of [
          [p50, 0.5],
          [p99, 0.99],
        ] as const) {
          expect(approximate).toBeGreaterThanOrEqual(Math.min(exact(share), max) - 1e-9);
          expect(approximate).toBeLessThanOrEqual(exact(share) * 1.032 + 0.001);
        }
        expect([count, max]).toEqual([values.length, sorted.at(-1)]);
        expect(sum).toBeCloseTo(
          values.reduce((total, value) => total + value, 0),
          3,
        );
        expect(counts.reduce((total, n) => total + n, 0)).toBe(values.length);
        expect(counts).toHaveLength(edges.length + 1);
      },
    ),
  );
});

test('the edges ascend and are shared; what is beyond them counts in the last bucket', () => {
  const histogram = new Histogram();
  histogram.record(1e12);
  histogram.record(-1);
  const { edges, counts, max, p50 } = histogram.snapshot();
  expect(edges.every((edge, index) => index === 0 || edge > (edges[index - 1] ?? 0))).toBe(true);
  expect(new Histogram().snapshot()).toMatchObject({ count: 0, p50: 0, max: 0, edges });
  expect([counts.at(-2), max, p50]).toEqual([1, 1e12, 0]);
});
