/** Our retry policy as an arm. */
import type { RetryOptions, RetryPolicy } from '@busbar/retry';

import type { Arm } from '../harness/define-case.ts';
import { type LoopedArm, loopedArm, mustBe } from './looped-arm.ts';

/** A policy, and what every call of it is made with. */
export interface RetrySubject {
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
}

export const retrySubject = async (options: RetryOptions = {}): Promise<RetrySubject> => {
  const { createRetryPolicy } = await import('@busbar/retry');
  return { policy: createRetryPolicy(options), signal: new AbortController().signal };
};

/** Throws unless every operation was a call that succeeded at once. */
const mustAllSucceedFirst: NonNullable<LoopedArm<RetrySubject>['verify']> = ({ subject, operations }) => {
  const { calls, succeededFirst, attempts } = subject.policy.stats();
  mustBe('stats().calls', calls, operations);
  mustBe('stats().succeededFirst', succeededFirst, operations);
  mustBe('stats().attempts', attempts, operations);
};

type RetryArm = Pick<LoopedArm<RetrySubject>, 'name' | 'options'> &
  Partial<Pick<LoopedArm<RetrySubject>, 'operation' | 'create'>>;

/** `await policy.execute(fn)`, unless `operation` says otherwise; every call must succeed at its first attempt. */
export const retryArm = (arm: RetryArm): Arm =>
  loopedArm({
    operation: 'last = await subject.policy.execute(fn);',
    create: () => retrySubject(),
    ...arm,
    role: 'ours',
    package: '@busbar/retry',
    verify: mustAllSucceedFirst,
    close: ({ policy }) => {
      policy.close();
    },
  });
