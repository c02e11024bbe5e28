import type { Timers } from '@busbar/retry';

/** How a promise fared within a time: `late` promises are left alone and their rejection is not unhandled. */
export type Within = 'resolved' | 'rejected' | 'late';

/** Waits for a promise, but not longer than `limitMs`. */
export const within = (promise: Promise<unknown>, limitMs: number, timers: Timers): Promise<Within> =>
  new Promise((resolve) => {
    const timer = timers.set(() => {
      resolve('late');
    }, limitMs);
    const end = (how: Within) => (): void => {
      timers.clear(timer);
      resolve(how);
    };
    promise.then(end('resolved'), end('rejected'));
  });

/** What `fn` resolves with, or the reason of the signal as soon as that aborts; whatever comes later is left alone. */
export const unlessAborted = async <T>(signal: AbortSignal, fn: () => Promise<T>): Promise<T> => {
  signal.throwIfAborted();
  const cut = Promise.withResolvers<never>();
  const onAbort = (): void => {
    cut.reject(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([fn(), cut.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};
