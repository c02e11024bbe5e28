/**
 * The calls of the last `durationMs`, in buckets: a flat ring of `calls, failures, slow, 0` per bucket, with running totals.
 *
 * One comparison with the end of the current bucket per record. When it has passed, every bucket that fell out of the window is
 * subtracted and emptied, all of them at once after a long silence: a window that drops one bucket per record keeps failures of
 * an hour ago (seen in cockatiel). Bucket ends are computed from the origin, never added up, so fractional widths do not drift.
 */
import { countAt } from './count-at.ts';
import { FAILED, type FailureWindow, type Outcome, type WindowBucket, type WindowStateV1 } from './failure-window.ts';

/** A power of two, so that an index is a shift. */
const FIELDS = 4;

/** The counts of a window in which nothing was recorded yet. */
const NONE = new Uint32Array(0);

/** What rounding may add to a quotient of times that is meant to be a whole number. */
const ROUNDING = 1e-6;

export interface TimeWindowShape {
  readonly durationMs: number;
  readonly buckets: number;
  /** Where the first bucket begins. */
  readonly originMs: number;
}

export class TimeWindow implements FailureWindow {
  /** Made with the first record: most breakers of a registry are idle. */
  #counts = NONE;
  readonly #size: number;
  readonly #widthMs: number;
  #originMs: number;
  /** Number of the current bucket; the one that begins at the origin is 0. */
  #number = 0;
  /** Where the current bucket stands in `#counts`. */
  #at = 0;
  /** Where it ends; in the past before the first record. */
  #endMs = Number.NEGATIVE_INFINITY;
  #calls = 0;
  #failures = 0;
  #slow = 0;

  constructor({ durationMs, buckets, originMs }: TimeWindowShape) {
    this.#size = buckets;
    this.#widthMs = durationMs / buckets;
    this.#originMs = originMs;
  }

  get isTimed(): boolean {
    return true;
  }
  get calls(): number {
    return this.#calls;
  }
  get failures(): number {
    return this.#failures;
  }
  get slow(): number {
    return this.#slow;
  }

  record(outcome: Outcome, nowMs: number): void {
    if (nowMs >= this.#endMs) this.#turn(nowMs);
    const counts = this.#counts;
    const at = this.#at;
    counts[at] = countAt(counts, at) + 1;
    this.#calls += 1;
    if (outcome === 0) return;
    counts[at + 1] = countAt(counts, at + 1) + (outcome & FAILED);
    counts[at + 2] = countAt(counts, at + 2) + (outcome >> 1);
    this.#failures += outcome & FAILED;
    this.#slow += outcome >> 1;
  }

  evict(nowMs: number): void {
    if (this.#counts === NONE) return;
    if (nowMs >= this.#endMs) this.#turn(nowMs);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#calls = 0;
    this.#failures = 0;
    this.#slow = 0;
  }

  /** Where a bucket stands in `#counts`; restored ones may have numbers below 0. */
  #place(number: number): number {
    return (((number % this.#size) + this.#size) % this.#size) * FIELDS;
  }

  /** Moves to the bucket of `nowMs`, emptying those that are used anew. */
  #turn(nowMs: number): void {
    if (this.#counts === NONE) this.#counts = new Uint32Array(this.#size * FIELDS);
    const number = Math.floor((nowMs - this.#originMs) / this.#widthMs);
    if (number - this.#number >= this.#size) this.clear();
    else for (let next = this.#number + 1; next <= number; next += 1) this.#empty(this.#place(next));
    this.#number = number;
    this.#at = this.#place(number);
    this.#endMs = this.#originMs + (number + 1) * this.#widthMs;
  }

  #empty(at: number): void {
    const counts = this.#counts;
    this.#calls -= countAt(counts, at);
    this.#failures -= countAt(counts, at + 1);
    this.#slow -= countAt(counts, at + 2);
    counts.fill(0, at, at + FIELDS);
  }

  buckets(nowMs: number): readonly WindowBucket[] {
    this.evict(nowMs);
    if (this.#counts === NONE) return [];
    const found: WindowBucket[] = [];
    const sinceMs = nowMs - (this.#endMs - this.#widthMs);
    for (let back = this.#size - 1; back >= 0; back -= 1) {
      const at = this.#place(this.#number - back);
      const calls = countAt(this.#counts, at);
      if (calls === 0) continue;
      const failures = countAt(this.#counts, at + 1);
      const slow = countAt(this.#counts, at + 2);
      found.push({ ageMs: sinceMs + back * this.#widthMs, calls, failures, slow });
    }
    return found;
  }

  toState(nowMs: number): WindowStateV1 {
    return { type: 'time', buckets: this.buckets(nowMs) };
  }

  restore(state: WindowStateV1, nowMs: number, elapsedMs: number): void {
    this.clear();
    const youngest = state.type === 'time' ? state.buckets.at(-1) : undefined;
    if (state.type !== 'time' || youngest === undefined) return;
    // The buckets keep their ends: with the same shape it is as if the window had never been away.
    const offsetMs = (youngest.ageMs + elapsedMs) % this.#widthMs;
    this.#counts = new Uint32Array(this.#size * FIELDS);
    this.#number = 0;
    this.#at = 0;
    this.#originMs = nowMs - offsetMs;
    this.#endMs = this.#originMs + this.#widthMs;
    for (const { ageMs, calls, failures, slow } of state.buckets) {
      const back = Math.floor((ageMs + elapsedMs - offsetMs) / this.#widthMs + ROUNDING);
      if (back < 0 || back >= this.#size) continue;
      const at = this.#place(-back);
      this.#counts[at] = countAt(this.#counts, at) + calls;
      this.#counts[at + 1] = countAt(this.#counts, at + 1) + failures;
      this.#counts[at + 2] = countAt(this.#counts, at + 2) + slow;
      this.#calls += calls;
      this.#failures += failures;
      this.#slow += slow;
    }
  }
}
