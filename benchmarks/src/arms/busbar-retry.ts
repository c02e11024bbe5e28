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
  const subject = { policy: createRetryPolicy(options), signal: new AbortController().signal };
  void subject.policy.execute(underWay, { signal: subject.signal }).catch(() => undefined); // ended by close
  return subject;
};

/**
 * A call that does not end: as in a service, one is always under way. Without it no object of a call outlives the full
 * collection before a visit, V8 throws away the code that was made for their shapes, and the visit measures the compiler.
 */
export const underWay = (): Promise<number> => new Promise(() => undefined);

/** Throws unless every operation was a call that succeeded at once. */
const mustAllSucceedFirst: NonNullable<LoopedArm<RetrySubject>['verify']> = ({ subject, operations }) => {
  const { calls, succeededFirst, attempts } = subject.policy.stats();
  mustBe('stats().calls', calls, operations + 1);
  mustBe('stats().succeededFirst', succeededFirst, operations);
  mustBe('stats().attempts', attempts, operations + 1);
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
