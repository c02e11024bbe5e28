/**
 * Keeps the state of a breaker in a store: on transitions, never per call.
 *
 * One write at a time, at most one per interval; what happens meanwhile is one write later. The store may be slow or fail: no
 * call waits for it, and its errors are reported as those of listeners.
 */
import { systemTimers, type Timers } from '@busbar/retry';

import type { Breaker } from './breaker.ts';
import { BreakerOptionsError } from './errors.ts';
import { reportListenerError } from './listener-errors.ts';
import { numberIssue } from './option-checks.ts';
import type { BreakerStateV1 } from './snapshot.ts';

/** Where states are kept. Pass what `load` answers as the option `restore` of the next breaker; it is checked there. */
export interface BreakerStore {
  load(name: string): Promise<unknown>;
  save(name: string, state: BreakerStateV1): Promise<void>;
}

export interface PersistOptions {
  /** Least time between the beginnings of two writes. Default: 1_000 ms. Range: 0..3_600_000. */
  readonly minIntervalMs?: number;
  readonly timers?: Timers;
}

const MIN_INTERVAL_MS = 1_000;

/**
 * Saves the state after every transition from now on. Disposing writes what is not written yet, and ends.
 * @throws {@link BreakerOptionsError} when `minIntervalMs` is out of range
 */
export const persistBreaker = (
  breaker: Breaker,
  store: BreakerStore,
  options: PersistOptions = {},
): AsyncDisposable => {
  const { minIntervalMs = MIN_INTERVAL_MS, timers = systemTimers } = options;
  const issues = numberIssue('minIntervalMs', minIntervalMs, { min: 0, max: 3_600_000 });
  if (issues.length > 0) throw new BreakerOptionsError({ breaker: breaker.name, issues });
  return new Persistence(breaker, store, { minIntervalMs, timers });
};

class Persistence implements AsyncDisposable {
  readonly #breaker: Breaker;
  readonly #store: BreakerStore;
  readonly #minIntervalMs: number;
  readonly #timers: Timers;
  readonly #subscription: Disposable;
  #isDirty = false;
  #writing: Promise<void> | undefined;
  #timer: unknown;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #isEnded = false;

  constructor(breaker: Breaker, store: BreakerStore, { minIntervalMs, timers }: Required<PersistOptions>) {
    this.#breaker = breaker;
    this.#store = store;
    this.#minIntervalMs = minIntervalMs;
    this.#timers = timers;
    this.#subscription = breaker.onTransition(() => {
      this.#isDirty = true;
      this.#writeWhenDue();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    this.#subscription[Symbol.dispose]();
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    if (this.#isDirty) await this.#write();
  }

  #writeWhenDue(): void {
    if (this.#writing !== undefined || this.#timer !== undefined) return;
    const waitMs = this.#nextAtMs - this.#breaker.now();
    if (waitMs <= 0) {
      void this.#write();
      return;
    }
    this.#timer = this.#timers.set(() => {
      this.#timer = undefined;
      this.#writeWhenDue();
    }, Math.ceil(waitMs));
  }

  /** Never rejects. */
  #write(): Promise<void> {
    this.#isDirty = false;
    this.#nextAtMs = this.#breaker.now() + this.#minIntervalMs;
    const writing = this.#save().finally(() => {
      this.#writing = undefined;
      if (this.#isDirty && !this.#isEnded) this.#writeWhenDue();
    });
    this.#writing = writing;
    return writing;
  }

  async #save(): Promise<void> {
    try {
      await this.#store.save(this.#breaker.name, this.#breaker.exportState());
    } catch (error) {
      reportListenerError(this.#breaker, error);
    }
  }
}
