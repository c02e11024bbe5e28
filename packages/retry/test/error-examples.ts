import { RetriesExhaustedError, type RetryErrorCode, RetryOptionsError } from '@busbar/retry';

/** One instance of each class, for the checks that run over all errors of the repository. */
export const errorExamples = {
  BUSBAR_RETRY_EXHAUSTED: new RetriesExhaustedError(
    { name: 'orders', reason: 'attempts', attempts: 4, elapsedMs: 1_234, lastCode: 'ECONNREFUSED' },
    { retryable: true, outcome: 'not-sent' },
  ),
  BUSBAR_RETRY_OPTIONS: new RetryOptionsError({ issues: [{ path: 'maxAttempts', problem: 'must be 1..1000' }] }),
} satisfies Record<RetryErrorCode, Error>;
