import { describe, expect, test } from 'vitest';

import { statementSkeleton } from '../../src/guard/skeleton.ts';
import { sqlBytes, type SqlBytes } from '../../src/guard/sql-bytes.ts';
import { judge, judgeBytes } from '../../src/guard/verdict.ts';
import { POSTGRES_DEFAULTS } from '../../src/option-limits.ts';
import { hostileTexts } from './hostile-texts.ts';
import { readTokens } from './tokens-of.ts';

const { guardWeights } = POSTGRES_DEFAULTS;
const small = hostileTexts(4_096);
const double = hostileTexts(8_192);
const names = Object.keys(small);

/** The text, and how often one of its bytes was asked for. */
const watched = (text: string): { readonly sql: SqlBytes; readonly reads: () => number } => {
  const { bytes, length } = sqlBytes(text);
  let reads = 0;
  const counting = new Proxy(bytes.slice(0, length), {
    get: (target, key) => {
      reads += 1;
      const value: unknown = Reflect.get(target, key, target);
      return value;
    },
  });
  return { sql: { bytes: counting, length }, reads: () => reads };
};

const readsOf = (text: string, work: (sql: SqlBytes) => void): number => {
  const { sql, reads } = watched(text);
  work(sql);
  return reads();
};

describe('R-PG-4 a hostile text', () => {
  test.for(names)('%s: costs eight looks at each byte at most, and twice as many for twice the length', (name) => {
    const [text, twice] = [small[name] ?? '', double[name] ?? ''];
    let tokens = 0;
    const { sql, reads } = watched(text);
    readTokens(sql, () => void (tokens += 1));
    expect(tokens).toBeLessThanOrEqual(sql.length);
    expect(reads()).toBeLessThanOrEqual(8 * sql.length + 8);
    const judged = readsOf(text, (one) => judgeBytes(one, guardWeights));
    expect(judged).toBeLessThanOrEqual(12 * sql.length + 8);
    expect(readsOf(twice, (one) => judgeBytes(one, guardWeights))).toBeLessThanOrEqual(2.1 * judged + 1_000);
  });

  const worst = ['signs', 'parameters', 'open parentheses', 'a long dollar tag, nearly closed'];
  const large = hostileTexts(1_048_576);

  test.for(worst)(
    'of 1 MiB (%s) is judged in seconds on a machine that is busy, and leaves nothing large behind',
    (name) => {
      const startedAtMs = performance.now();
      const { summary, keyword } = judge(large[name] ?? '', guardWeights);
      expect(performance.now() - startedAtMs).toBeLessThan(10_000);
      expect(summary.length).toBeLessThanOrEqual(255);
      expect(keyword.length).toBeLessThanOrEqual(32);
    },
  );

  test.for(names)('%s: has a skeleton as short as it was asked for', (name) => {
    expect(statementSkeleton(small[name] ?? '', 100).length).toBeLessThanOrEqual(100);
  });
});
