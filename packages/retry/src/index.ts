// Retrying
export { createRetryPolicy, retry } from './retry-policy.ts';
export type { RetryPolicy } from './retry-policy.ts';
export type { Attempt } from './attempt.ts';
export type { Attempted } from './retry.ts';
export type { Decide, Decision } from './decision.ts';
export { RETRY_DEFAULTS } from './options.ts';
export type { ExecuteOptions, ResolvedRetryOptions, RetryOptions } from './options.ts';
export type { RetryStats } from './stats.ts';

// Budget
export { BUDGET_DEFAULTS, createRetryBudget } from './retry-budget.ts';
export type { RetryBudget, RetryBudgetOptions, RetryBudgetStats } from './retry-budget.ts';

// Backoff
export { BACKOFF_DEFAULTS, nextDelayMs, resolveBackoff } from './backoff.ts';
export type { Backoff, BackoffOptions, BackoffStep, Jitter } from './backoff.ts';

// Time
export { MAX_TIMER_MS, sleep, systemClock, systemTimers } from './clock.ts';
export type { Clock, Timers } from './clock.ts';
export { deadlineAfter } from './deadline.ts';
export type { Deadline } from './deadline.ts';

// Errors
export { RetriesExhaustedError, RetryOptionsError } from './errors.ts';
export type {
  ExhaustedReason,
  RetriesExhaustedDetails,
  RetryErrorCode,
  RetryOptionIssue,
  RetryOptionsDetails,
} from './errors.ts';

// Channels
export type {
  RetryAttemptMessage,
  RetryClosedMessage,
  RetryCreatedMessage,
  RetryExhaustedMessage,
} from './diagnostics.ts';
