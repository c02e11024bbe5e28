import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { judge, type Verdict } from '../src/guard/verdict.ts';
import { POSTGRES_DEFAULTS } from '../src/option-limits.ts';
import { QueryStatistics } from '../src/query-stats.ts';

const verdictOn = (text: string): Verdict => judge(text, POSTGRES_DEFAULTS.guardWeights);
const verdicts = Array.from({ length: 40 }, (_, n) => verdictOn(`select c${n} from t${n}`));
const all = { limit: Number.MAX_SAFE_INTEGER };

describe('R-PG-6 statistics by fingerprint', () => {
  test('whatever is recorded is in exactly one row, rows are bounded, and quantiles are at most 19 % too high', () => {
    const sample = fc.record({
      of: fc.integer({ min: 0, max: verdicts.length - 1 }),
      durationMs: fc.double({ min: 0, max: 70_000, noNaN: true }),
      rows: fc.integer({ min: 0, max: 9 }),
      failed: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(sample, { maxLength: 300, size: 'max' }),
        (limit, samples) => {
          const statistics = new QueryStatistics(limit);
          for (const { of, ...one } of samples) statistics.record(verdicts[of] ?? verdictOn(''), one);
          const rows = statistics.top(all);
          const sum = (of: (row: (typeof rows)[number]) => number): number =>
            rows.reduce((total, row) => total + of(row), 0);
          expect(rows.length).toBeLessThanOrEqual(limit + 1);
          expect(sum((row) => row.count)).toBe(samples.length);
          expect(sum((row) => row.rows)).toBe(samples.reduce((total, one) => total + one.rows, 0));
          expect(sum((row) => row.errors)).toBe(samples.filter((one) => one.failed).length);
          expect(sum((row) => row.totalMs)).toBeCloseTo(
            samples.reduce((total, one) => total + one.durationMs, 0),
            3,
          );
          for (const row of rows)
            expect([row.p50Ms, row.p95Ms, row.p99Ms, row.maxMs]).toEqual(
              [row.p50Ms, row.p95Ms, row.p99Ms, row.maxMs].toSorted((a, b) => a - b),
            );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('quantiles are at most 19 % above the true ones, and never above the maximum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.004, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (times) => {
          const statistics = new QueryStatistics(1);
          const [verdict = verdictOn('')] = verdicts;
          for (const durationMs of times) statistics.record(verdict, { durationMs, rows: 0, failed: false });
          const sorted = times.toSorted((a, b) => a - b);
          const [row] = statistics.top();
          for (const [share, found] of [
            [0.5, row?.p50Ms],
            [0.95, row?.p95Ms],
            [0.99, row?.p99Ms],
          ] as const) {
            const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
            expect(found).toBeGreaterThanOrEqual(exact * 0.999_999);
            expect(found).toBeLessThanOrEqual(exact * 1.190_001);
          }
          expect(row?.maxMs).toBe(sorted.at(-1));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('statements in use stay, one-time statements fold into other', () => {
    const statistics = new QueryStatistics(4);
    const used = verdictOn('select used');
    for (let n = 0; n < 300; n += 1) statistics.record(used, { durationMs: 1, rows: 1, failed: false });
    for (let n = 0; n < 200; n += 1) {
      statistics.record(used, { durationMs: 1, rows: 1, failed: false });
      statistics.record(verdictOn(`select c${n}`), { durationMs: 3, rows: 0, failed: n % 2 === 0 });
    }
    const rows = statistics.top();
    expect(rows.find(({ fingerprint }) => fingerprint === used.fingerprint)).toMatchObject({
      summary: 'SELECT',
      operation: 'read',
      count: 500,
      rows: 500,
      totalMs: 500,
      maxMs: 1,
    });
    expect(rows[0]).toMatchObject({ fingerprint: 'other', operation: 'mixed', count: 197, errors: 99, maxMs: 3 });
    expect(rows).toHaveLength(5);
  });

  test('the order and the number of rows are as asked for', () => {
    const statistics = new QueryStatistics(10);
    const record = (text: string, times: readonly number[], failed: boolean): void => {
      for (const durationMs of times) statistics.record(verdictOn(text), { durationMs, rows: 0, failed });
    };
    record('select * from a, b', [1, 1], false);
    record('select slow', [50], false);
    record('select wrong', [2], true);
    record(
      'select often',
      Array.from({ length: 100 }, () => 1),
      false,
    );
    const first = (by?: 'total' | 'p99' | 'errors' | 'score') => statistics.top({ limit: 1, ...(by && { by }) })[0];
    expect(first()).toMatchObject({ totalMs: 100 });
    expect(first('total')).toMatchObject({ totalMs: 100 });
    expect(first('p99')).toMatchObject({ maxMs: 50 });
    expect(first('errors')).toMatchObject({ errors: 1 });
    expect(first('score')).toMatchObject({ score: 2, summary: 'SELECT a b' });
    expect(statistics.top({ limit: 2 })).toHaveLength(2);
    expect(new QueryStatistics(1).top()).toEqual([]);
  });
});
