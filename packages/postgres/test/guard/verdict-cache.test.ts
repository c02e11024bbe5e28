import { isDeepStrictEqual } from 'node:util';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { VerdictCache } from '../../src/guard/verdict-cache.ts';
import { judge, type Verdict } from '../../src/guard/verdict.ts';
import { POSTGRES_DEFAULTS } from '../../src/option-limits.ts';

const verdictOn = (text: string): Verdict => judge(text, POSTGRES_DEFAULTS.guardWeights);

describe('R-PG-4 the memory of verdicts', () => {
  test('gives the same verdict without judging again, and counts', () => {
    const cache = new VerdictCache(16);
    let judged = 0;
    const ask = () =>
      cache.lookup('select 1', (text) => {
        judged += 1;
        return verdictOn(text);
      });
    expect(ask().verdict).toBe(ask().verdict);
    expect([judged, cache.hits, cache.misses, ask().uses]).toEqual([1, 1, 1, 3]);
  });

  test('texts that come back outlive any number of texts that do not', () => {
    const cache = new VerdictCache(16);
    for (let n = 0; n < 1_000; n += 1) {
      cache.lookup('select kept', verdictOn);
      cache.lookup(`select ${n} /* once */`, verdictOn);
    }
    expect(cache.misses).toBe(1_001);
    expect(cache.size).toBe(16);
  });

  test('a long text is known by its digest, and its neighbours are others', () => {
    const cache = new VerdictCache(16);
    const long = `select '${'x'.repeat(100_000)}'`;
    cache.lookup(long, verdictOn);
    cache.lookup(long, verdictOn);
    cache.lookup(`${long} `, verdictOn);
    expect([cache.hits, cache.misses]).toEqual([1, 2]);
    expect(cache.keyBytes).toBeLessThan(200);
  });

  test('the long text that was asked for last is known at once, and forgotten with its verdict', () => {
    const cache = new VerdictCache(16);
    const long = `select '${'x'.repeat(10_000)}'`;
    const first = cache.lookup(long, verdictOn);
    expect(cache.lookup(long, verdictOn)).toBe(first);
    expect(cache.lookup(`${long} `, verdictOn)).not.toBe(first);
    expect(cache.lookup(long, verdictOn)).toBe(first);
    expect([first.uses, cache.hits, cache.misses]).toEqual([3, 2, 2]);
    for (let n = 0; n < 100; n += 1) cache.lookup(`select ${n}`, verdictOn);
    expect(cache.lookup(long, verdictOn)).not.toBe(first);
    expect([cache.hits, cache.misses]).toEqual([2, 103]);
  });

  test('is bounded by entries and by the bytes of its keys, and answers as without it, for any sequence of texts', () => {
    const text = fc.oneof(
      fc.integer({ min: 0, max: 40 }).map((n) => `select ${'a'.repeat(n)}`),
      fc.integer({ min: 4_000, max: 4_100 }).map((n) => `select ${'a'.repeat(n)}`),
    );
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 400 }), fc.array(text, { maxLength: 400, size: 'max' }), (size, texts) => {
        const cache = new VerdictCache(size);
        const differs = texts.filter((one) => !isDeepStrictEqual(cache.lookup(one, verdictOn).verdict, verdictOn(one)));
        expect(differs).toEqual([]);
        expect(cache.size).toBeLessThanOrEqual(size);
        expect(cache.keyBytes).toBeLessThanOrEqual(1_048_576);
        expect(cache.hits + cache.misses).toBe(texts.length);
      }),
      { numRuns: 20 },
    );
    const cache = new VerdictCache(100_000);
    for (let n = 0; n < 200; n += 1) cache.lookup(`select ${n} ${'x'.repeat(4_000)}`, verdictOn);
    expect(cache.size).toBe(122);
  });
});
