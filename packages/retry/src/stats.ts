/** What the calls of a policy came to since it was created. */
export interface RetryStats {
  /** Calls of `execute`. Each ends as one of: succeeded, stopped, exhausted for one of three reasons, aborted. */
  readonly calls: number;
  readonly succeeded: number;
  /** Of those, without a retry. */
  readonly succeededFirst: number;
  /** Attempts begun, first ones included. */
  readonly attempts: number;
  /** Attempts begun that were not the first. */
  readonly retries: number;
  /** Ended by an error that is not to be retried. */
  readonly stopped: number;
  readonly exhaustedAttempts: number;
  readonly exhaustedDeadline: number;
  readonly exhaustedBudget: number;
  /** Ended by the signal of the caller or by `close()`. */
  readonly aborted: number;
  /** Attempts that ran out of time. */
  readonly attemptTimeouts: number;
  /** Results that came after their attempt had been given up. */
  readonly late: number;
  /** Calls that wait for a retry now. */
  readonly sleeping: number;
  /** Time slept before retries, in all. */
  readonly sleptMs: number;
  /** Retries that the budget would grant now; absent without a budget. */
  readonly budgetBalance?: number;
}

/** The counters behind the stats. */
export type RetryCounters = { -readonly [K in keyof Omit<RetryStats, 'budgetBalance'>]: number };

export const newCounters = (): RetryCounters => ({
  calls: 0,
  succeeded: 0,
  succeededFirst: 0,
  attempts: 0,
  retries: 0,
  stopped: 0,
  exhaustedAttempts: 0,
  exhaustedDeadline: 0,
  exhaustedBudget: 0,
  aborted: 0,
  attemptTimeouts: 0,
  late: 0,
  sleeping: 0,
  sleptMs: 0,
});
