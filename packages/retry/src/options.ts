import { type Backoff, type BackoffOptions, backoffOf } from './backoff.ts';
import { type Clock, MAX_TIMER_MS, systemClock, systemTimers, type Timers } from './clock.ts';
import type { Decide } from './decision.ts';
import { optionIssues, type OptionIssues } from './option-issues.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface RetryOptions {
  /** Label in telemetry and messages. Default: `retry`. Range: `^[a-z0-9][a-z0-9._-]{0,62}$`. */
  readonly name?: string;
  /** Attempts in all, the first one included. Default: 4. Range: 1..1_000; `Infinity` only with a deadline or a signal. */
  readonly maxAttempts?: number;
  /** Limit over all attempts and sleeps. Default: none. Range: 1..2_147_483_647 ms. */
  readonly deadlineMs?: number;
  /** Limit of one attempt; when it passes, the outcome is unknown. Default: none. Range: 1..deadlineMs. */
  readonly attemptTimeoutMs?: number;
  /** Delays between attempts. Default: 100 ms × 2 up to 5_000 ms with full jitter. */
  readonly backoff?: BackoffOptions;
  /** Decides instead of the default rules. */
  readonly decide?: Decide;
  /** Whether to retry what may have been applied already. Default: false. Say yes where a repetition is harmless. */
  readonly retryUnknown?: boolean;
  /** A limit shared with the other policies towards the same dependency. Default: none. */
  readonly budget?: RetryBudget;
  /** What a loop that gives up rejects with: a `RetriesExhaustedError`, or the last error as it is. Default: `wrap`. */
  readonly exhausted?: 'wrap' | 'last';
  /** Default: the clock of the process. */
  readonly clock?: Clock;
  /** Default: the timers of the process. */
  readonly timers?: Timers;
  /** A number in [0, 1) for the jitter. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Limits of one call. */
export interface ExecuteOptions {
  /** Ends the call at once, in a sleep and in an attempt. */
  readonly signal?: AbortSignal;
  /** As in the policy; the smaller one wins. */
  readonly deadlineMs?: number;
}

/** Options of a policy, validated, complete and frozen. */
export interface ResolvedRetryOptions {
  readonly name: string;
  readonly maxAttempts: number;
  /** `Infinity` without a limit. */
  readonly deadlineMs: number;
  /** `Infinity` without a limit. */
  readonly attemptTimeoutMs: number;
  readonly backoff: Backoff;
  readonly decide: Decide | undefined;
  readonly retryUnknown: boolean;
  readonly budget: RetryBudget | undefined;
  readonly exhausted: 'wrap' | 'last';
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
}

export const RETRY_DEFAULTS = Object.freeze({
  name: 'retry',
  maxAttempts: 4,
  retryUnknown: false,
  exhausted: 'wrap' as const,
});

const KNOWN = [
  'name',
  'maxAttempts',
  'deadlineMs',
  'attemptTimeoutMs',
  'backoff',
  'decide',
  'retryUnknown',
  'budget',
  'exhausted',
  'clock',
  'timers',
  'random',
] as const;

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const NO_LIMIT = Number.POSITIVE_INFINITY;

/**
 * Validates and fills in the options of a policy; the caller's object is neither kept nor changed.
 * @throws {@link RetryOptionsError} with every problem.
 */
export const resolveRetryOptions = (options: RetryOptions): ResolvedRetryOptions => {
  const issues = optionIssues();
  issues.keys('', options, KNOWN);
  const deadlineMs = limitOf('deadlineMs', options.deadlineMs, issues);
  const attemptTimeoutMs = limitOf('attemptTimeoutMs', options.attemptTimeoutMs, issues);
  if (attemptTimeoutMs !== NO_LIMIT && attemptTimeoutMs > deadlineMs) {
    issues.add('attemptTimeoutMs', `must not be greater than deadlineMs, which is ${deadlineMs}`);
  }
  issues.type('decide', options.decide, 'function');
  issues.type('retryUnknown', options.retryUnknown, 'boolean');
  issues.type('random', options.random, 'function');
  issues.methods('budget', options.budget, ['deposit', 'tryWithdraw']);
  issues.methods('clock', options.clock, ['now']);
  issues.methods('timers', options.timers, ['set', 'clear']);
  const resolved: ResolvedRetryOptions = Object.freeze({
    name: nameOf(options.name, issues),
    maxAttempts: maxAttemptsOf(options.maxAttempts, issues),
    deadlineMs,
    attemptTimeoutMs,
    backoff: backoffOf(options.backoff ?? {}, 'backoff.', issues),
    decide: options.decide,
    retryUnknown: options.retryUnknown ?? RETRY_DEFAULTS.retryUnknown,
    budget: options.budget,
    exhausted: issues.choice('exhausted', options.exhausted, {
      allowed: ['wrap', 'last'],
      default: RETRY_DEFAULTS.exhausted,
    }),
    clock: options.clock ?? systemClock,
    timers: options.timers ?? systemTimers,
    random: options.random ?? Math.random,
  });
  issues.throwIfAny();
  return resolved;
};

/**
 * The deadline of one call in milliseconds: the smaller of the policy's and the call's.
 * @throws {@link RetryOptionsError} when it is out of range, or when nothing at all bounds the loop.
 */
export const resolveCallDeadlineMs = (options: ResolvedRetryOptions, call: ExecuteOptions): number => {
  if (call.deadlineMs === undefined && options.maxAttempts !== NO_LIMIT) return options.deadlineMs;
  const issues = optionIssues();
  const deadlineMs = Math.min(options.deadlineMs, limitOf('deadlineMs', call.deadlineMs, issues));
  if (options.maxAttempts === NO_LIMIT && deadlineMs === NO_LIMIT && call.signal === undefined) {
    issues.add('maxAttempts', 'may be Infinity only with a deadline or a signal');
  }
  issues.throwIfAny();
  return deadlineMs;
};

const limitOf = (path: string, value: number | undefined, issues: OptionIssues): number =>
  issues.number(path, value, { min: 1, max: MAX_TIMER_MS, default: NO_LIMIT });

const maxAttemptsOf = (value: number | undefined, issues: OptionIssues): number =>
  value === NO_LIMIT
    ? value
    : issues.number('maxAttempts', value, { min: 1, max: 1_000, default: RETRY_DEFAULTS.maxAttempts, integer: true });

const nameOf = (value: string | undefined, issues: OptionIssues): string => {
  if (value === undefined) return RETRY_DEFAULTS.name;
  if (!NAME.test(value)) issues.add('name', `must match ${NAME.source}`);
  return value;
};
