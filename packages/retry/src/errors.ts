import { brandError, BusbarError, type ErrorInit, type ErrorSpec } from '@busbar/errors';

/** Every code of this package. Aborts and timeouts use the shared `BUSBAR_ABORTED` and `BUSBAR_TIMEOUT`. */
export type RetryErrorCode = 'BUSBAR_RETRY_EXHAUSTED' | 'BUSBAR_RETRY_OPTIONS';

/** Which limit ended a retry loop. */
export type ExhaustedReason = 'attempts' | 'deadline' | 'budget';

export type RetriesExhaustedDetails = {
  /** The name of the policy. */
  readonly name: string;
  readonly reason: ExhaustedReason;
  /** Attempts made, the first one included. */
  readonly attempts: number;
  /** From the call of `execute` to giving up. */
  readonly elapsedMs: number;
  /** The code of the last error, where it has one. */
  readonly lastCode?: string;
};

const LIMITS: Readonly<Record<ExhaustedReason, string>> = {
  attempts: 'no attempt is left',
  deadline: 'the deadline leaves no time for another attempt',
  budget: 'the retry budget is used up',
};

/**
 * A loop gave up. `cause` is the last error, `errors` holds the latest errors of different codes, `retryable` is that of
 * the last error, and `outcome` combines those of all attempts.
 */
export class RetriesExhaustedError extends BusbarError<'BUSBAR_RETRY_EXHAUSTED', RetriesExhaustedDetails> {
  static override readonly spec = {
    name: 'RetriesExhaustedError',
    code: 'BUSBAR_RETRY_EXHAUSTED',
    retryable: false,
    when: 'Attempts, deadline or budget are used up; details.reason says which.',
    remedy: 'Look at the cause. When retryable is true the same call may succeed later.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: RetriesExhaustedDetails, init?: ErrorInit) {
    const { name, attempts, elapsedMs, reason } = details;
    const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
    super(`"${name}" gave up after ${tries} in ${Math.round(elapsedMs)} ms: ${LIMITS[reason]}`, details, init);
  }
}

/** One problem with an option. */
export type RetryOptionIssue = {
  /** The option, dots between the levels: `backoff.baseMs`. */
  readonly path: string;
  /** What is wrong with it and what is allowed. */
  readonly problem: string;
};

export type RetryOptionsDetails = {
  /** All problems, not only the first. */
  readonly issues: readonly RetryOptionIssue[];
};

/** Options were refused before anything ran. */
export class RetryOptionsError extends BusbarError<'BUSBAR_RETRY_OPTIONS', RetryOptionsDetails> {
  static override readonly spec = {
    name: 'RetryOptionsError',
    code: 'BUSBAR_RETRY_OPTIONS',
    retryable: false,
    outcome: 'not-sent',
    when: 'Options are out of range, unknown or contradict each other.',
    remedy: 'Correct every option in details.issues.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: RetryOptionsDetails, init?: ErrorInit) {
    const problems = details.issues.map(({ path, problem }) => `${path}: ${problem}`);
    super(`invalid retry options: ${problems.join('; ')}`, details, init);
  }
}
