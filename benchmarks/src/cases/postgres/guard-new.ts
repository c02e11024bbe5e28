/**
 * B-PG-9: the guard's verdict on a text that it has not seen, against the patterns of the baseline, compiled before (R-PG-4).
 *
 * There are more texts than the guard remembers, and they come round, so each is new to it; what it costs to remember and forget
 * is in the figure.
 */
import type { Guard } from '@busbar/postgres';

import { clockArm, loopedArm, mustBe } from '../../arms/looped-arm.ts';
import { EQUAL_WEIGHTS, type GuardedText, longCondition, SHORT_TEXTS } from '../../arms/postgres/guarded-texts.ts';
import { precompiledGuard } from '../../baselines/regex-guard.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const MAX_RATIO = 1;
const NANOS_PER_CHAR = 15;
const NANOS_PER_CLOCK_READ = 40;
const MAX_GROWTH = 2.2;
/** A power of two above what the guard remembers. */
const VARIANTS = 64;
const REMEMBERED = 16;
const LENGTHS = [10_000, 20_000] as const;

interface Subject {
  readonly judge: (text: string) => { readonly score: number };
  readonly texts: readonly string[];
}

const OPERATION = `last = subject.judge(subject.texts[index & ${VARIANTS - 1}]);`;

/** The text with another name in it each time. */
const variantsOf = ({ text }: GuardedText): readonly string[] =>
  Array.from({ length: VARIANTS }, (_, variant) => text.replaceAll('orders', `orders_${10 + variant}`));

const newGuard = async (): Promise<Guard> => {
  const { createGuard } = await import('@busbar/postgres');
  return createGuard({ weights: EQUAL_WEIGHTS, cacheSize: REMEMBERED });
};

const mustScore = ({ judge, texts }: Subject, score: number): void => {
  for (const text of texts) mustBe('the score', judge(text).score, score);
};

const guardArm = (name: string, given: GuardedText): Arm =>
  loopedArm<Subject>({
    name,
    role: 'ours',
    package: '@busbar/postgres',
    options: `${VARIANTS} texts in turn, of which the guard remembers ${REMEMBERED}`,
    operation: OPERATION,
    create: async () => {
      const guard = await newGuard();
      return { judge: (text) => guard.judge(text), texts: variantsOf(given) };
    },
    verify: ({ subject }) => {
      const [first = ''] = subject.texts;
      const before = subject.judge(first);
      mustScore(subject, given.score);
      if (subject.judge(first) === before) throw new Error('the text was known');
    },
  });

const patternsArm = (given: GuardedText): Arm =>
  loopedArm<Subject>({
    name: 'patterns',
    role: 'baseline',
    options: 'compiled once; a score, and no fingerprint',
    operation: OPERATION,
    create: () => ({ judge: precompiledGuard(), texts: variantsOf(given) }),
    verify: ({ subject }) => {
      mustScore(subject, given.score);
    },
  });

const COMMON = {
  id: 'B-PG-9',
  requirements: ['R-PG-4'],
  class: 'memory-sync',
  unit: 'ns/op',
  direction: 'smaller',
} as const;

const newCase = (given: GuardedText): Case => {
  const [{ length } = ''] = variantsOf(given);
  return defineCase({
    ...COMMON,
    title: `guard on a new text ÷ precompiled patterns, ${length} characters (R-PG-4)`,
    parameters: { characters: length },
    arms: [guardArm('guard', given), patternsArm(given), clockArm()],
    targets: [
      { ours: 'guard', reference: 'patterns', metric: 'time', bound: MAX_RATIO, kind: 'ratio' },
      {
        ours: 'guard',
        reference: 'guard',
        metric: 'time',
        bound: (length * NANOS_PER_CHAR) / NANOS_PER_CLOCK_READ,
        kind: 'absolute',
        per: 'clock read',
        note: `≤ ${NANOS_PER_CHAR} ns a character`,
      },
    ],
  });
};

const [short, long] = LENGTHS.map((chars) => ({
  name: `${chars / 1_000} kB`,
  given: { text: longCondition(chars), score: 0 },
}));
const linearArms = [short, long].flatMap((one) => (one === undefined ? [] : [one]));

export const cases: readonly Case[] = [
  ...SHORT_TEXTS.slice(1).map(newCase),
  defineCase({
    ...COMMON,
    title: 'guard on a new text of 20 kB ÷ 10 kB (R-PG-4)',
    parameters: { characters: LENGTHS.join(', ') },
    arms: linearArms.map(({ name, given }) => guardArm(name, given)),
    targets: [{ ours: '20 kB', reference: '10 kB', metric: 'time', bound: MAX_GROWTH, kind: 'ratio' }],
  }),
];
