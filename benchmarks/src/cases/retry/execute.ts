/** B-RT-1: what a policy adds to a call that succeeds at once, against the call alone and against cockatiel. */
import { retryArm } from '../../arms/busbar-retry.ts';
import { bareArm } from '../../arms/looped-arm.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';
import { cockatielRetryArm } from '../../peers/cockatiel-retry.ts';

const OVER_BARE = 1.9;
const OVER_COCKATIEL = 0.6;

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-RT-1',
    title: 'await policy.execute(asyncFn) ÷ await asyncFn(); ÷ the same through cockatiel (R-PR-1)',
    requirements: ['R-PR-1'],
    class: 'memory-async',
    unit: 'ns/op',
    direction: 'smaller',
    arms: [
      retryArm({ name: 'execute', options: 'defaults: no deadline, no signal' }),
      bareArm('bare'),
      cockatielRetryArm(),
    ],
    targets: [
      { ours: 'execute', reference: 'bare', metric: 'time', bound: OVER_BARE, kind: 'ratio' },
      { ours: 'execute', reference: 'cockatiel', metric: 'time', bound: OVER_COCKATIEL, kind: 'ratio' },
    ],
  }),
];
