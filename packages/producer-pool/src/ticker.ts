import type { Clock, Timers } from '@busbar/retry';

/** The one timer of a pool: set for the earliest moment anything is due, not set when nothing is. */
export class Ticker {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onDue: () => void;
  #timer: unknown;
  #atMs = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(o: { readonly clock: Clock; readonly timers: Timers; readonly onDue: () => void }) {
    this.#clock = o.clock;
    this.#timers = o.timers;
    this.#onDue = o.onDue;
  }

  /** Asks for a call at `atMs` or earlier; Infinity asks for nothing. */
  request(atMs: number): void {
    if (this.#closed || atMs >= this.#atMs) return;
    this.#clear();
    this.#atMs = atMs;
    // At least 1 ms: a timer rounded down would fire before its moment and be set again and again.
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(atMs - this.#clock.now())));
    this.#timer = this.#timers.set(() => {
      this.#timer = undefined;
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#onDue();
    }, delayMs);
  }

  close(): void {
    this.#closed = true;
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
  }
}

const MAX_TIMER_MS = 2_147_483_647;
