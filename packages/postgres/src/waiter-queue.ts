import type { RefusalReason, Slot } from './lease-model.ts';

/** Somebody who waits for a connection. He hears once how it ends, by the shell; one who leaves the queue hears nothing. */
export interface Waiter {
  readonly enqueuedAtMs: number;
  readonly deadlineAtMs: number;
  /** Kept by the queue. */
  isWaiting: boolean;
  granted(slot: Slot): void;
  refused(reason: RefusalReason, waitedMs: number): void;
}

/** Entries that may be dead before the array is cleaned, so that a storm of aborts leaves it short. */
const TOMBSTONES = 64;

/** Waiters in the order of their arrival. Whoever leaves early stays behind as a tombstone: each operation is O(1), amortised. */
export class WaiterQueue implements Iterable<Waiter> {
  #entries: Waiter[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Entries held, the dead ones included. */
  get length(): number {
    return this.#entries.length;
  }

  push(waiter: Waiter): void {
    waiter.isWaiting = true;
    this.#entries.push(waiter);
    this.#size += 1;
  }

  oldest(): Waiter | undefined {
    for (; this.#head < this.#entries.length; this.#head += 1) {
      const waiter = this.#entries[this.#head];
      if (waiter?.isWaiting === true) return waiter;
    }
    return undefined;
  }

  /** Nothing for one who waits no more. */
  leave(waiter: Waiter): void {
    if (!waiter.isWaiting) return;
    waiter.isWaiting = false;
    this.#size -= 1;
    if (this.#entries.length <= 2 * this.#size + TOMBSTONES) return;
    this.#entries = this.#entries.slice(this.#head).filter(({ isWaiting }) => isWaiting);
    this.#head = 0;
  }

  *[Symbol.iterator](): Iterator<Waiter> {
    for (const waiter of this.#entries) if (waiter.isWaiting) yield waiter;
  }
}
