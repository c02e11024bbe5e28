// Time
export { sleep, systemClock, systemTimers } from './clock.ts';
export type { Clock, Timers } from './clock.ts';
export { deadlineAfter } from './deadline.ts';
export type { Deadline } from './deadline.ts';

// Backoff
export { nextDelayMs, resolveBackoff } from './backoff.ts';
export type { Backoff, BackoffOptions, BackoffStep, Jitter } from './backoff.ts';

// Errors
export { RetriesExhaustedError, RetryOptionsError } from './errors.ts';
export type {
  ExhaustedReason,
  RetriesExhaustedDetails,
  RetryErrorCode,
  RetryOptionIssue,
  RetryOptionsDetails,
} from './errors.ts';
