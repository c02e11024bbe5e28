import { AbortedError, toBusbarError } from '@busbar/errors';

import { ActiveLoops } from './active-loops.ts';
import { channels, type RetryClosedMessage, type RetryCreatedMessage } from './diagnostics.ts';
import {
  type ExecuteOptions,
  resolveCallDeadlineMs,
  type ResolvedRetryOptions,
  resolveRetryOptions,
  type RetryOptions,
} from './options.ts';
import { type Attempted, type LoopLimits, type LoopOwner, runLoop } from './retry.ts';
import { newCounters, type RetryStats } from './stats.ts';

/** How to retry, decided once, for any number of calls at the same time. */
export interface RetryPolicy extends Disposable {
  /**
   * Calls `fn` until it succeeds, an error is not to be retried, or a limit is reached. The first attempt begins before
   * this returns; two attempts of one call never overlap, unless one ignores that its time is over.
   *
   * @throws {@link RetriesExhaustedError} when attempts, deadline or budget are used up (or the last error, see `exhausted`).
   * @throws {@link AbortedError} when the signal is aborted or the policy is closed.
   * @throws what `fn` threw, unchanged, when it is not to be retried.
   */
  execute<T>(fn: Attempted<T>, options?: ExecuteOptions): Promise<T>;
  stats(): RetryStats;
  /** Rejects sleeping, running and later calls with `AbortedError`. May be called twice. */
  close(): void;
}

/**
 * Creates a policy. It holds no timer and no listener while no call is under way.
 * @throws {@link RetryOptionsError} with every problem.
 */
export const createRetryPolicy = (options: RetryOptions = {}): RetryPolicy => new Policy(resolveRetryOptions(options));

/**
 * Retries one call. For repeated calls create a policy: it validates once and counts.
 * @throws as {@link RetryPolicy.execute}, and {@link RetryOptionsError} as a rejection.
 */
export const retry = <T>(
  fn: Attempted<T>,
  options: RetryOptions & { readonly signal?: AbortSignal } = {},
): Promise<T> => {
  const { signal, ...policyOptions } = options;
  try {
    const owner = { options: resolveRetryOptions(policyOptions), counters: newCounters(), active: new ActiveLoops() };
    return runLoop(owner, fn, limitsOf(owner.options, { ...(signal !== undefined && { signal }) }));
  } catch (error) {
    return Promise.reject(toBusbarError(error));
  }
};

/** The limits of one call. @throws {@link RetryOptionsError} when they are out of range, or when nothing bounds the loop. */
const limitsOf = (options: ResolvedRetryOptions, call: ExecuteOptions): LoopLimits => {
  const deadlineMs = resolveCallDeadlineMs(options, call);
  const isTimed = Math.min(deadlineMs, options.attemptTimeoutMs) !== Number.POSITIVE_INFINITY;
  return { signal: call.signal, deadlineMs, isTimed };
};

class Policy implements RetryPolicy, LoopOwner {
  readonly options: ResolvedRetryOptions;
  readonly counters = newCounters();
  readonly active = new ActiveLoops();
  /** Of calls without options of their own, nearly all. */
  #limits: LoopLimits | undefined;
  #isClosed = false;

  constructor(options: ResolvedRetryOptions) {
    this.options = options;
    if (channels.created.hasSubscribers) {
      channels.created.publish({ name: options.name, options, instance: this } satisfies RetryCreatedMessage);
    }
  }

  execute<T>(fn: Attempted<T>, options?: ExecuteOptions): Promise<T> {
    if (this.#isClosed) return Promise.reject(this.#closedError());
    try {
      return runLoop(this, fn, options === undefined ? this.#ownLimits() : limitsOf(this.options, options));
    } catch (error) {
      return Promise.reject(toBusbarError(error)); // as everything else that goes wrong with a call
    }
  }

  stats(): RetryStats {
    const { budget } = this.options;
    return { ...this.counters, ...(budget !== undefined && { budgetBalance: budget.balance }) };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.active.closeAll();
    if (channels.closed.hasSubscribers) {
      channels.closed.publish({ name: this.options.name } satisfies RetryClosedMessage);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ownLimits(): LoopLimits {
    this.#limits ??= limitsOf(this.options, {});
    return this.#limits;
  }

  #closedError(): AbortedError {
    this.counters.calls += 1;
    this.counters.aborted += 1;
    const what = `retry "${this.options.name}"`;
    return new AbortedError({ what, reason: 'closed' }, { outcome: 'not-sent', captureStack: false });
  }
}
