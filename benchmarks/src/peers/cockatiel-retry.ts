/** cockatiel's retry as an arm: as its readme sets it up, with our number of attempts and our delays. */
import type { RetryPolicy } from 'cockatiel';

import { underWay } from '../arms/busbar-retry.ts';
import { loopedArm, mustBe } from '../arms/looped-arm.ts';
import type { Arm } from '../harness/define-case.ts';

/** Retries in cockatiel do not count the first attempt. */
const MAX_RETRIES = 3;

const cockatielRetry = async (): Promise<RetryPolicy> => {
  const { ExponentialBackoff, handleAll, retry } = await import('cockatiel');
  const policy = retry(handleAll, {
    maxAttempts: MAX_RETRIES,
    backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 5_000 }),
  });
  void policy.execute(underWay);
  return policy;
};

/** `await policy.execute(fn)`; every call must succeed. */
export const cockatielRetryArm = (): Arm =>
  loopedArm({
    name: 'cockatiel',
    role: 'peer',
    package: 'cockatiel',
    options: 'retry(handleAll): maxAttempts 3, ExponentialBackoff 100 ms to 5 s',
    caveat: 'No statistics, no deadline over all attempts, no elapsed time; closing it is not possible.',
    operation: 'last = await subject.execute(fn);',
    create: cockatielRetry,
    verify: ({ last }) => {
      mustBe('the last result', Number(last), 1);
    },
  });
