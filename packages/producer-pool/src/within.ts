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
