/** Time that moves only when told to, for libraries that read the clock and set the timers of the process. */
import { mock } from 'node:test';

/** A mocked timer sees the end of the tick it fires in; in steps of this length, that is its own time. */
const STEP_MS = 10;
/** Late enough to be no special value, early enough to be read in a trace. */
const WALL_CLOCK_START_MS = 1_000_000_000;

/** One at a time in a process: it stands in for the globals `Date`, `setTimeout` and `setInterval`. */
export class VirtualTime {
  #nowMs = 0;

  /** Monotonic milliseconds from 0: no step of the wall clock moves it. */
  now(): number {
    return this.#nowMs;
  }

  /** Lets time pass, in multiples of 10 ms, firing what is due; then all that follows from it happens. */
  async advance(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
      this.#nowMs += STEP_MS;
      mock.timers.tick(STEP_MS);
    }
    await drain();
  }

  /** Sets the wall clock, as an operator or NTP does. */
  stepWallClock(byMs: number): void {
    mock.timers.setTime(Date.now() + byMs);
  }
}

/** Runs something while time stands still; whatever timers it leaves behind never fire. */
export const inVirtualTime = async <T>(run: (time: VirtualTime) => Promise<T>): Promise<T> => {
  mock.timers.enable({ apis: ['Date', 'setTimeout', 'setInterval'], now: WALL_CLOCK_START_MS });
  try {
    return await run(new VirtualTime());
  } finally {
    mock.timers.reset();
  }
};

/** Lets every promise that can settle without time settle. */
export const drain = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
