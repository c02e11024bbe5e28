/** A clock that never goes back, whatever the one it was given does: a step back counts as no time at all (CB13). */
import type { Clock } from '@busbar/retry';

export class MonotonicClock implements Clock {
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  #latestMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, report: (error: unknown) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Monotonic ms. A clock that throws or answers no number stands still, and is reported: no call fails because of it. */
  now(): number {
    try {
      const nowMs = this.#clock.now();
      if (nowMs > this.#latestMs) this.#latestMs = nowMs;
    } catch (error) {
      this.#report(error);
    }
    return this.#latestMs === Number.NEGATIVE_INFINITY ? 0 : this.#latestMs;
  }
}
