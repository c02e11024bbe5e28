// One call of a function, repeated until it succeeds or there is a reason to stop.
//
// States
//   running   an attempt is under way; with a limit one timer waits for its end
//   sleeping  one timer waits for the next attempt
//   settled   the promise is decided: no timer, no listener, nothing refers to the caller's signal
//
// Events     running   result → settled · failure → judge → settled | sleeping · time over → as a failure, outcome unknown
//            sleeping  timer → running, or settled when the deadline has passed meanwhile
//            both      abort, close → settled at once, whatever the attempt does
//
// Invariants: one settlement; at most one timer; attempts ≤ maxAttempts; no attempt begins at or after the deadline; a
// result of an attempt that was given up is counted and otherwise ignored, and never an unhandled rejection.
//
// Not an async function: the attempt that succeeds at once, nearly every one, costs one pair of handlers.

import { AbortedError, type ErrorOutcome, isRetryable, retryAfterMsOf, TimeoutError } from '@busbar/errors';

import { type ActiveLoop, type ActiveLoops } from './active-loops.ts';
import { type Attempt, type LoopTimes, RunningAttempt } from './attempt.ts';
import { nextDelayMs } from './backoff.ts';
import { MAX_TIMER_MS } from './clock.ts';
import { judge, type Verdict } from './decision.ts';
import { channels, type RetryAttemptMessage, type RetryExhaustedMessage } from './diagnostics.ts';
import { type ExhaustedReason, type RetriesExhaustedDetails, RetriesExhaustedError } from './errors.ts';
import type { ResolvedRetryOptions } from './options.ts';
import { codeOf, RecentFailures } from './recent-failures.ts';
import type { RetryCounters } from './stats.ts';

/** What is tried. */
export type Attempted<T> = (attempt: Attempt) => T | PromiseLike<T>;

/** What the loops of one policy share. */
export interface LoopOwner {
  readonly options: ResolvedRetryOptions;
  readonly counters: RetryCounters;
  /** Loops that are not settled; the owner closes them. */
  readonly active: ActiveLoops;
}

export interface LoopLimits {
  readonly signal: AbortSignal | undefined;
  /** `Infinity` without a limit. */
  readonly deadlineMs: number;
  /** Whether an attempt needs a timer, for the deadline or for a limit of its own. */
  readonly isTimed: boolean;
}

/** Runs the loop; the first attempt begins before this returns, unless the signal is aborted. */
export const runLoop = <T>(owner: LoopOwner, fn: Attempted<T>, limits: LoopLimits): Promise<T> =>
  new RetryLoop(owner, fn, limits).start();

const ONCE = { once: true };

/** What the promise of a loop is settled with, before there is one. */
const nothing = (): void => {};

class RetryLoop<T> implements LoopTimes, ActiveLoop {
  older: ActiveLoop | undefined = undefined;
  newer: ActiveLoop | undefined = undefined;
  readonly #owner: LoopOwner;
  readonly #fn: Attempted<T>;
  readonly #limits: LoopLimits;
  readonly #startedAtMs: number;
  #resolve: (value: T) => void = nothing;
  #reject: (error: unknown) => void = nothing;
  #attempts = 0;
  #previousDelayMs: number;
  /** The attempt under way; `undefined` while sleeping and when settled. */
  #current: RunningAttempt | undefined;
  #timer: { readonly handle: unknown } | undefined;
  #sleepingSinceMs: number | undefined;
  #failures = NO_FAILURES;

  constructor(owner: LoopOwner, fn: Attempted<T>, limits: LoopLimits) {
    this.#owner = owner;
    this.#fn = fn;
    this.#limits = limits;
    this.#startedAtMs = owner.options.clock.now();
    this.#previousDelayMs = owner.options.backoff.baseMs;
  }

  start(): Promise<T> {
    const { signal } = this.#limits;
    // Not `withResolvers`, which costs an object more, and not variables of the module, which live in old memory: writing a
    // young function there costs as much as the promise.
    const settlement = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#owner.counters.calls += 1;
    if (signal?.aborted === true) this.#end('signal');
    else {
      this.#owner.active.add(this);
      this.#owner.options.budget?.deposit();
      signal?.addEventListener('abort', this, ONCE);
      this.#begin();
    }
    return settlement;
  }

  elapsedMs(): number {
    return this.#owner.options.clock.now() - this.#startedAtMs;
  }

  remainingMs(): number {
    return Math.max(0, this.#limits.deadlineMs - this.elapsedMs());
  }

  close(): void {
    this.#end('closed');
  }

  /** The caller's signal is aborted: the loop is its own listener, since a function made for it would cost more. */
  handleEvent(): void {
    this.#end('signal');
  }

  #begin(): void {
    this.#attempts += 1;
    this.#owner.counters.attempts += 1;
    if (this.#attempts > 1) this.#owner.counters.retries += 1;
    const attempt = new RunningAttempt(this.#attempts, this);
    this.#current = attempt;
    if (this.#limits.isTimed) this.#limit(attempt);
    let result: T | PromiseLike<T>;
    try {
      result = this.#fn(attempt);
    } catch (error) {
      this.#failed(attempt, error);
      return;
    }
    Promise.resolve(result).then(
      (value) => this.#succeeded(attempt, value),
      (error: unknown) => this.#failed(attempt, error),
    );
  }

  /** Sets the one timer of an attempt: for its own limit, or for the deadline when that comes first. */
  #limit(attempt: RunningAttempt): void {
    const { attemptTimeoutMs } = this.#owner.options;
    // The first attempt begins with the call: the clock was read just now.
    const remainingMs = attempt.number === 1 ? this.#limits.deadlineMs : this.remainingMs();
    if (attemptTimeoutMs < remainingMs) this.#setTimer(() => this.#timedOut(attempt), attemptTimeoutMs);
    else this.#setTimer(() => this.#deadlinePassed(attempt), remainingMs);
  }

  #succeeded(attempt: RunningAttempt, value: T): void {
    if (this.#isLate(attempt)) return;
    this.#owner.counters.succeeded += 1;
    if (attempt.number === 1) this.#owner.counters.succeededFirst += 1;
    this.#settle();
    this.#resolve(value);
  }

  #failed(attempt: RunningAttempt, error: unknown): void {
    if (this.#isLate(attempt)) return;
    this.#note(error);
    let verdict: Verdict;
    try {
      verdict = judge(error, attempt, this.#owner.options);
    } catch (thrown) {
      this.#stop(thrown);
      return;
    }
    if (this.#current !== attempt) return; // the decision itself ended the loop
    this.#current = undefined;
    if (verdict.retry) this.#retry(verdict.floorMs);
    else this.#stop(error);
  }

  #isLate(attempt: RunningAttempt): boolean {
    if (this.#current === attempt) return false;
    this.#owner.counters.late += 1;
    return true;
  }

  #note(error: unknown): void {
    this.#clearTimer();
    if (this.#failures === NO_FAILURES) this.#failures = new RecentFailures();
    this.#failures.add(error);
  }

  #timedOut(attempt: RunningAttempt): void {
    const error = this.#giveUp(attempt, this.#owner.options.attemptTimeoutMs);
    if (this.#current === attempt) this.#failed(attempt, error);
  }

  #deadlinePassed(attempt: RunningAttempt): void {
    const error = this.#giveUp(attempt, this.#limits.deadlineMs);
    if (this.#current !== attempt) return; // a listener of its signal ended the loop
    this.#note(error);
    this.#exhausted('deadline');
  }

  #giveUp(attempt: RunningAttempt, limitMs: number): TimeoutError {
    this.#owner.counters.attemptTimeouts += 1;
    const what = `attempt ${attempt.number} of "${this.#owner.options.name}"`;
    const error = new TimeoutError({ what, limitMs }, { outcome: 'unknown' });
    attempt.abort(error);
    return error;
  }

  #retry(floorMs: number): void {
    const { backoff, budget, maxAttempts, random } = this.#owner.options;
    if (this.#attempts >= maxAttempts) return this.#exhausted('attempts');
    const step = { retry: this.#attempts, previousMs: this.#previousDelayMs };
    this.#previousDelayMs = nextDelayMs(backoff, step, random);
    const delayMs = Math.min(MAX_TIMER_MS, floorMs + this.#previousDelayMs);
    // A sleep that ends at the deadline would only delay the answer.
    if (delayMs >= this.remainingMs()) return this.#exhausted('deadline');
    if (budget?.tryWithdraw() === false) return this.#exhausted('budget');
    return this.#sleep(delayMs);
  }

  #sleep(delayMs: number): void {
    const { clock, name } = this.#owner.options;
    this.#sleepingSinceMs = clock.now();
    this.#owner.counters.sleeping += 1;
    this.#setTimer(() => this.#wake(), delayMs);
    if (!channels.attempt.hasSubscribers) return;
    const code = codeOf(this.#failures.last);
    const outcome = this.#failures.outcome;
    channels.attempt.publish({
      name,
      attempt: this.#attempts + 1,
      delayMs,
      elapsedMs: this.elapsedMs(),
      ...(code !== undefined && { code }),
      ...(outcome !== undefined && { outcome }),
    } satisfies RetryAttemptMessage);
  }

  #wake(): void {
    this.#endSleep();
    // The timer may come late, after a blocked event loop.
    if (this.remainingMs() === 0) this.#exhausted('deadline');
    else this.#begin();
  }

  #endSleep(): void {
    if (this.#sleepingSinceMs === undefined) return;
    this.#owner.counters.sleeping -= 1;
    this.#owner.counters.sleptMs += this.#owner.options.clock.now() - this.#sleepingSinceMs;
    this.#sleepingSinceMs = undefined;
  }

  /** Rejects with the error as it is. */
  #stop(error: unknown): void {
    this.#owner.counters.stopped += 1;
    this.#settle();
    this.#reject(error);
  }

  #exhausted(reason: ExhaustedReason): void {
    const { name, exhausted } = this.#owner.options;
    const last = this.#failures.last;
    const code = codeOf(last);
    const facts = { name, reason, attempts: this.#attempts, elapsedMs: this.elapsedMs() };
    this.#owner.counters[EXHAUSTED_COUNTER[reason]] += 1;
    this.#settle();
    const details = { ...facts, ...(code !== undefined && { lastCode: code }) };
    this.#reject(exhausted === 'last' ? last : this.#exhaustedError(details));
    if (channels.exhausted.hasSubscribers) {
      channels.exhausted.publish({ ...facts, ...(code !== undefined && { code }) } satisfies RetryExhaustedMessage);
    }
  }

  #exhaustedError(details: RetriesExhaustedDetails): RetriesExhaustedError {
    const { last, different, outcome } = this.#failures;
    const retryAfterMs = retryAfterMsOf(last);
    return new RetriesExhaustedError(details, {
      cause: last,
      errors: different,
      retryable: isRetryable(last), // giving up makes no error permanent
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(outcome !== undefined && { outcome }),
    });
  }

  /** The caller gave up or the policy was closed: rejects at once, whatever the attempt under way does. */
  #end(reason: 'signal' | 'closed'): void {
    const { signal } = this.#limits;
    const running = this.#current;
    const outcome = this.#outcomeNow();
    const error = new AbortedError(
      { what: `retry "${this.#owner.options.name}"`, reason },
      { ...(reason === 'signal' && { cause: signal?.reason }), ...(outcome !== undefined && { outcome }) },
    );
    this.#owner.counters.aborted += 1;
    this.#settle();
    this.#reject(error);
    running?.abort(reason === 'signal' ? signal?.reason : error);
  }

  #outcomeNow(): ErrorOutcome | undefined {
    if (this.#attempts === 0) return 'not-sent';
    return this.#current === undefined ? this.#failures.outcome : 'unknown';
  }

  #settle(): void {
    this.#current = undefined;
    this.#clearTimer();
    this.#endSleep();
    this.#limits.signal?.removeEventListener('abort', this);
    this.#owner.active.delete(this);
  }

  #setTimer(callback: () => void, delayMs: number): void {
    const handle = this.#owner.options.timers.set(() => {
      this.#timer = undefined;
      callback();
    }, delayMs);
    this.#timer = { handle };
  }

  #clearTimer(): void {
    if (this.#timer === undefined) return;
    this.#owner.options.timers.clear(this.#timer.handle);
    this.#timer = undefined;
  }
}

/** Shared by all loops that have not failed yet, nearly all. */
const NO_FAILURES = new RecentFailures();

const EXHAUSTED_COUNTER = {
  attempts: 'exhaustedAttempts',
  deadline: 'exhaustedDeadline',
  budget: 'exhaustedBudget',
} as const satisfies Record<ExhaustedReason, keyof RetryCounters>;
