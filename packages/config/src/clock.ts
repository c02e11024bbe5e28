/** Monotonic milliseconds. */
export interface Clock {
  now(): number;
}

/** One-shot timers; `clear` takes what `set` returned. */
export interface Timers {
  set(callback: () => void, delayMs: number): unknown;
  clear(handle: unknown): void;
}

export const systemClock: Clock = { now: () => performance.now() };

/** Timers of the event loop. They are referenced: a check that is under way is work the process waits for. */
export const systemTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (handle) => {
    if (isTimeout(handle)) clearTimeout(handle);
  },
};

const isTimeout = (handle: unknown): handle is NodeJS.Timeout =>
  typeof handle === 'object' && handle !== null && 'hasRef' in handle;
