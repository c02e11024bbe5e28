/** B-ER-1: what a refusal costs that is built, thrown and caught, against awaiting a function that rejects with an error made before. */
import type { AbortedError } from '@busbar/errors';

import { bareArm, caught, loopedArm, mustHaveCode, REJECTING } from '../../arms/looped-arm.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const REFUSAL_RATIO = 1.5;

const refusalArm = (name: string, captureStack: boolean): Arm =>
  loopedArm<typeof AbortedError>({
    name,
    role: 'ours',
    package: '@busbar/errors',
    options: `AbortedError, captureStack ${String(captureStack)}`,
    operation: caught(
      `Promise.reject(new subject({ what: 'publish', reason: 'closed' }, { captureStack: ${String(captureStack)} }))`,
    ),
    create: async () => (await import('@busbar/errors')).AbortedError,
    verify: ({ last }) => {
      mustHaveCode(last, 'BUSBAR_ABORTED');
      const hasFrames = last instanceof Error && /\n\s+at /u.test(String(last.stack));
      if (hasFrames !== captureStack) throw new Error(`the stack must be ${captureStack ? 'there' : 'absent'}`);
    },
  });

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-ER-1',
    title: 'a refusal, built and awaited ÷ awaiting a rejecting async function (R-STD-4)',
    requirements: ['R-STD-4'],
    class: 'memory-async',
    unit: 'ns/op',
    direction: 'smaller',
    arms: [
      refusalArm('refusal', false),
      refusalArm('with stack', true),
      bareArm('rejecting', REJECTING, caught('fn()')),
    ],
    targets: [{ ours: 'refusal', reference: 'rejecting', metric: 'time', bound: REFUSAL_RATIO, kind: 'ratio' }],
  }),
];
