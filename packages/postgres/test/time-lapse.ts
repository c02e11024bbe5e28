import { systemTimers, type Clock, type Timers } from '@busbar/retry';

/** Time that passes `factor` times as fast for a pool: for fixed limits of seconds. */
export const timeLapse = (factor: number): { readonly clock: Clock; readonly timers: Timers } => ({
  clock: { now: () => performance.now() * factor },
  timers: {
    set: (callback, delayMs) => systemTimers.set(callback, delayMs / factor),
    clear: (handle) => systemTimers.clear(handle),
  },
});
