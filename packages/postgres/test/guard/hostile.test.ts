import { describe, expect, test } from 'vitest';

import { Tokenizer } from '../../src/guard/tokenizer.ts';
import { judge, statementSkeleton } from '../../src/guard/verdict.ts';
import { POSTGRES_DEFAULTS } from '../../src/option-limits.ts';
import { hostileTexts } from './hostile-texts.ts';

const { guardWeights } = POSTGRES_DEFAULTS;
const small = hostileTexts(8_192);
const double = hostileTexts(16_384);
const names = Object.keys(small);

/** Runs `work` and counts how often a character of a string was asked for. */
const readsDuring = (work: () => void): number => {
  const original = Object.getOwnPropertyDescriptor(String.prototype, 'charCodeAt');
  if (original === undefined) throw new Error('no charCodeAt');
  const read: unknown = original.value;
  if (typeof read !== 'function') throw new Error('no charCodeAt');
  let reads = 0;
  // oxlint-disable-next-line no-extend-native -- counts the looks, and is taken back
  Object.defineProperty(String.prototype, 'charCodeAt', {
    ...original,
    value(this: string, at: number): unknown {
      reads += 1;
      return Reflect.apply(read, this, [at]);
    },
  });
  try {
    work();
  } finally {
    // oxlint-disable-next-line no-extend-native -- as it was
    Object.defineProperty(String.prototype, 'charCodeAt', original);
  }
  return reads;
};

describe('R-PG-4 a hostile text', () => {
  test.for(names)('%s: costs eight looks at each character at most, and twice as many for twice the length', (name) => {
    const [text, twice] = [small[name] ?? '', double[name] ?? ''];
    let tokens = 0;
    const reads = readsDuring(() => {
      const token = new Tokenizer(text);
      while (token.next() !== 'end') tokens += 1;
    });
    expect(tokens).toBeLessThanOrEqual(text.length);
    expect(reads).toBeLessThanOrEqual(8 * text.length + 8);
    const judged = readsDuring(() => judge(text, guardWeights));
    expect(judged).toBeLessThanOrEqual(12 * text.length + 8);
    expect(readsDuring(() => judge(twice, guardWeights))).toBeLessThanOrEqual(2.1 * judged + 1_000);
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
