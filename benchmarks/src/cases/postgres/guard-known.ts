/**
 * B-PG-8: the guard's verdict on a text that was seen before, fingerprint included, against compiling the patterns and matching
 * them each time (R-PG-4).
 */
import type { Guard } from '@busbar/postgres';

import { clockArm, loopedArm, mustBe } from '../../arms/looped-arm.ts';
import { EQUAL_WEIGHTS, type GuardedText, LONG_TEXT, SHORT_TEXTS } from '../../arms/postgres/guarded-texts.ts';
import { judgeAnew, type RegexVerdict } from '../../baselines/regex-guard.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const MAX_RATIO = 0.4;
/** 50 ns, at 40 ns a reading of the clock. */
const MAX_CLOCK_READS = 1.25;

interface Subject<V extends { readonly score: number }> {
  readonly judge: (text: string) => V;
  readonly texts: readonly string[];
}

/** Judges the texts in turn; there are 2ⁿ of them. */
const operationOf = (texts: readonly GuardedText[]): string =>
  `last = subject.judge(subject.texts[index & ${texts.length - 1}]);`;

const mustScore = (judge: Subject<{ readonly score: number }>['judge'], texts: readonly GuardedText[]): void => {
  for (const { text, score } of texts) mustBe(`the score of ${text.slice(0, 40)}`, judge(text).score, score);
};

const cachedArm = (texts: readonly GuardedText[]): Arm =>
  loopedArm<Subject<ReturnType<Guard['judge']>>>({
    name: 'guard',
    role: 'ours',
    package: '@busbar/postgres',
    options: 'the weights of the baseline; verdict with fingerprint, operation and summary',
    operation: operationOf(texts),
    create: async () => {
      const { createGuard } = await import('@busbar/postgres');
      const guard = createGuard({ weights: EQUAL_WEIGHTS });
      return { judge: (text) => guard.judge(text), texts: texts.map(({ text }) => text) };
    },
    verify: ({ subject: { judge } }) => {
      mustScore(judge, texts);
      for (const { text } of texts) if (judge(text) !== judge(text)) throw new Error('a verdict was made twice');
    },
  });

const anewArm = (texts: readonly GuardedText[]): Arm =>
  loopedArm<Subject<RegexVerdict>>({
    name: 'compile and match',
    role: 'baseline',
    options: '12 patterns and 4 words; a score, and no fingerprint',
    operation: operationOf(texts),
    create: () => ({ judge: judgeAnew, texts: texts.map(({ text }) => text) }),
    verify: ({ subject: { judge } }) => {
      mustScore(judge, texts);
    },
  });

const knownCase = (what: string, texts: readonly GuardedText[], isShort: boolean): Case =>
  defineCase({
    id: 'B-PG-8',
    title: `guard and fingerprint of known texts ÷ compiling and matching each time, ${what} (R-PG-4)`,
    requirements: ['R-PG-4'],
    class: 'memory-sync',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { characters: texts.map(({ text }) => text.length).join(', ') },
    arms: [cachedArm(texts), anewArm(texts), ...(isShort ? [clockArm()] : [])],
    targets: [
      {
        ours: 'guard',
        reference: 'compile and match',
        metric: 'time',
        bound: MAX_RATIO,
        kind: 'ratio',
        note: 'aim 0.05',
      },
      ...(isShort
        ? [
            {
              ours: 'guard',
              reference: 'guard',
              metric: 'time',
              bound: MAX_CLOCK_READS,
              kind: 'absolute',
              per: 'clock read',
              note: '≤ 50 ns',
            } as const,
          ]
        : []),
    ],
  });

export const cases: readonly Case[] = [
  knownCase('four statements', SHORT_TEXTS, true),
  knownCase('a long VALUES', [LONG_TEXT], false),
];
