import { systemTimers, type Clock, type Timers } from '@busbar/retry';

/**
 * Time that passes `factor` times as fast for a pool: for fixed limits of seconds. Below 1 it is slower: a limit still passes, and a busy machine
 * has the time to answer before the next one does.
 */
export const timeLapse = (factor: number): { readonly clock: Clock; readonly timers: Timers } => ({
  clock: { now: () => performance.now() * factor },
  timers: {
    set: (callback, delayMs) => systemTimers.set(callback, delayMs / factor),
    clear: (handle) => systemTimers.clear(handle),
  },
});
