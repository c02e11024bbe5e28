/**
 * The queue of a degrader, without time and without promises: who is next, and who must wait for another of its key.
 *
 * ```
 *            ┌──────────── line of its key ────────────┐
 *   push ────┤                                         ├──▶ ready ──take──▶ taken ──settle──▶ gone
 *            └── its key is free, or it has none ──────┘
 * ```
 * Invariants:
 * - Of one key at most one call is ready, taken or running outside; the others stand in line, in the order in which they came.
 * - `size` and `bytes` are those of all calls that are not settled, the taken ones included.
 * - Leaving is O(1) from wherever a call stands: sets keep the order of insertion.
 */
export interface Held {
  /** Calls of one key do not overlap. */
  readonly key: string | undefined;
  readonly bytes: number;
}

export class HoldQueue<E extends Held> {
  /** Everything that is not settled, oldest first. */
  readonly #held = new Set<E>();
  readonly #ready = new Set<E>();
  /** Those who wait for another of their key. */
  readonly #lines = new Map<string, Set<E>>();
  /** Keys of which one call is ready, taken or running outside. */
  readonly #claimed = new Set<string>();
  #bytes = 0;

  get size(): number {
    return this.#held.size;
  }
  get bytes(): number {
    return this.#bytes;
  }

  /** All calls that are not settled, oldest first. */
  held(): IterableIterator<E> {
    return this.#held.values();
  }

  push(call: E): void {
    this.#held.add(call);
    this.#bytes += call.bytes;
    if (call.key === undefined || this.claim(call.key)) this.#ready.add(call);
    else this.#lineOf(call.key).add(call);
  }

  /** The next call that may run; it stays held until it is settled. */
  take(): E | undefined {
    for (const call of this.#ready) {
      this.#ready.delete(call);
      return call;
    }
    return undefined;
  }

  /** Lets a call go, wherever it stands. */
  settle(call: E): void {
    if (!this.#held.delete(call)) return;
    this.#bytes -= call.bytes;
    this.#ready.delete(call);
    const { key } = call;
    if (key === undefined || this.#lines.get(key)?.delete(call) === true) return;
    this.release(key);
  }

  /** Takes a key for a call that runs outside the queue. False: another call has it. */
  claim(key: string): boolean {
    if (this.#claimed.has(key)) return false;
    this.#claimed.add(key);
    return true;
  }

  /** Gives a key back: the first in its line is ready. */
  release(key: string): void {
    const line = this.#lines.get(key) ?? new Set();
    for (const next of line) {
      line.delete(next);
      this.#ready.add(next);
      return;
    }
    this.#lines.delete(key);
    this.#claimed.delete(key);
  }

  #lineOf(key: string): Set<E> {
    const line = this.#lines.get(key) ?? new Set();
    this.#lines.set(key, line);
    return line;
  }
}
