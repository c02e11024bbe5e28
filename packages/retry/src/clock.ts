import { AbortedError } from '@busbar/errors';

import { RetryOptionsError } from './errors.ts';

/** Where the time comes from. Injected everywhere, so that a test decides what time it is. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin; not a wall clock. */
  now(): number;
}

/** Where timers come from. */
export interface Timers {
  /** Calls back once, after at least that many milliseconds. Range: 0..2_147_483_647 ms. Returns a handle for `clear`. */
  set(callback: () => void, delayMs: number): unknown;
  /** Forgets a timer; one that fired, or was cleared already, is ignored. */
  clear(handle: unknown): void;
}

/** The longest timer there is: a longer one of Node.js fires after 1 ms. */
export const MAX_TIMER_MS = 2_147_483_647;

/** The clock of the process: `performance.now()`. Steps of the wall clock do not move it. */
export const systemClock: Clock = { now: () => performance.now() };

/** The timers of the process. They keep it alive: a pending retry is pending work. */
export const systemTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (handle) => {
    if (isTimeout(handle)) clearTimeout(handle);
  },
};

const isTimeout = (handle: unknown): handle is NodeJS.Timeout =>
  typeof handle === 'object' && handle !== null && 'hasRef' in handle;

/**
 * Resolves after `ms` milliseconds. Range: 0..2_147_483_647.
 *
 * @throws {@link AbortedError} at once when the signal is or gets aborted, with its reason as the cause; no timer and no
 * listener is left behind.
 * @throws {@link RetryOptionsError} when `ms` is out of range.
 */
export const sleep = (
  ms: number,
  options: { readonly signal?: AbortSignal; readonly timers?: Timers } = {},
): Promise<void> => {
  const { signal, timers = systemTimers } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (!(ms >= 0 && ms <= MAX_TIMER_MS)) {
    reject(new RetryOptionsError({ issues: [{ path: 'ms', problem: `must be 0..${MAX_TIMER_MS}, is ${ms}` }] }));
    return promise;
  }
  const aborted = (): void => {
    reject(new AbortedError({ what: 'a sleep', reason: 'signal' }, { cause: signal?.reason, outcome: 'not-sent' }));
  };
  if (signal?.aborted === true) {
    aborted();
    return promise;
  }
  const timer = timers.set(() => {
    signal?.removeEventListener('abort', onAbort);
    resolve();
  }, ms);
  const onAbort = (): void => {
    timers.clear(timer);
    aborted();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  return promise;
};
