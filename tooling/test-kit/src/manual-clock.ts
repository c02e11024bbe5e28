/** A clock that moves only when a test says so, and the timers that hang on it. Fits `Clock` and `Timers` of `@busbar/retry`. */
export interface ManualClock {
  /** Monotonic milliseconds; starts at 0 unless told otherwise. */
  now(): number;
  readonly timers: {
    set(callback: () => void, delayMs: number): unknown;
    clear(handle: unknown): void;
  };
  /** Timers set and neither fired nor cleared. A component at rest has none. */
  pending(): number;
  /** Moves time forward, firing due timers in order of their time; microtasks run between timers and after the last one. */
  advance(ms: number): Promise<void>;
}

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets every microtask and immediate that is due run, without any time passing on a manual clock. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- the turns are meant to follow each other
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
};

export const manualClock = (startMs = 0): ManualClock => {
  let nowMs = startMs;
  let order = 0;
  const pending = new Set<Pending>();
  const nextDue = (untilMs: number): Pending | undefined => {
    let due: Pending | undefined;
    for (const timer of pending) {
      if (timer.atMs > untilMs) continue;
      if (due === undefined || timer.atMs < due.atMs || (timer.atMs === due.atMs && timer.order < due.order))
        due = timer;
    }
    return due;
  };
  return {
    now: () => nowMs,
    timers: {
      set: (callback, delayMs) => {
        const timer: Pending = { atMs: nowMs + Math.max(0, delayMs), order: (order += 1), callback };
        pending.add(timer);
        return timer;
      },
      clear: (handle) => {
        for (const timer of pending) if (timer === handle) pending.delete(timer);
      },
    },
    pending: () => pending.size,
    advance: async (ms) => {
      const untilMs = nowMs + ms;
      await settle();
      for (let due = nextDue(untilMs); due !== undefined; due = nextDue(untilMs)) {
        pending.delete(due);
        nowMs = Math.max(nowMs, due.atMs);
        due.callback();
        // oxlint-disable-next-line no-await-in-loop -- each timer may set the next
        await settle();
      }
      nowMs = untilMs;
      await settle();
    },
  };
};
