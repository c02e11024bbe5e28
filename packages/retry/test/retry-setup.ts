import { type ManualClock, manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { type ErrorOutcome, TimeoutError } from '@busbar/errors';
import type { Attempt, RetryOptions } from '@busbar/retry';

/** What a driver throws when nobody listens: retryable, states no outcome. */
export const refused = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** A retryable family member. */
export const transient = (outcome: ErrorOutcome, retryAfterMs?: number): TimeoutError =>
  new TimeoutError({ what: 'a call', limitMs: 1 }, { outcome, ...(retryAfterMs !== undefined && { retryAfterMs }) });

/** Options with a manual clock and without jitter: delays of 100, 200, 400 ms. */
export const setup = (options: RetryOptions = {}): { readonly clock: ManualClock; readonly options: RetryOptions } => {
  const clock = manualClock();
  return {
    clock,
    options: { clock, timers: clock.timers, random: () => 0.5, backoff: { jitter: 'none' }, ...options },
  };
};

/** Fails that many times with what `error` makes, then returns the number of the attempt. */
export const failing =
  (times: number, error: () => unknown = refused) =>
  ({ number }: Attempt): number => {
    // oxlint-disable-next-line typescript/only-throw-error -- what users throw may be anything
    if (number <= times) throw error();
    return number;
  };

/** Attempt n throws the n-th of them. */
export const throwing =
  (errors: readonly unknown[]) =>
  ({ number }: Attempt): never => {
    throw errors[number - 1];
  };

export const never = (): Promise<never> => new Promise(() => {});

export const rejectionOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise did not reject');
};
