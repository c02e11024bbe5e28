/**
 * Dead letters: bounded copies of payloads that could not be delivered, for inspection and replay. Their callers were told
 * already; nothing here is the last trace of a promise.
 *
 * The time to live applies on access, without a timer; every letter that is dropped is counted, published and told to `onDrop`.
 */
import type { Breaker } from '../breaker.ts';
import { type DeadReason, deadLetterDroppedChannel, deadLetteredChannel } from '../diagnostics.ts';
import { reportListenerError } from '../listener-errors.ts';

export interface DeadLetter<P> {
  readonly payload: P;
  /** What its caller was told. */
  readonly error: unknown;
  readonly reason: DeadReason;
  /** When it was submitted and when it died, on the breaker's clock. */
  readonly enqueuedAtMs: number;
  readonly deadAtMs: number;
}

export interface DeadLetterLimits<P> {
  readonly max: number;
  readonly ttlMs: number;
  readonly onDrop: (letter: DeadLetter<P>, reason: 'overflow' | 'ttl') => void;
}

export interface DeadLetterCounters {
  deadRejected: number;
  deadExpired: number;
  deadClosed: number;
  droppedOverflow: number;
  droppedTtl: number;
}

const DEAD = { rejected: 'deadRejected', expired: 'deadExpired', closed: 'deadClosed' } as const;
const DROPPED = { overflow: 'droppedOverflow', ttl: 'droppedTtl' } as const;

export class DeadLetterStore<P> {
  readonly counters: DeadLetterCounters = {
    deadRejected: 0,
    deadExpired: 0,
    deadClosed: 0,
    droppedOverflow: 0,
    droppedTtl: 0,
  };
  readonly #breaker: Breaker;
  readonly #limits: DeadLetterLimits<P>;
  /** Oldest first. */
  readonly #letters = new Set<DeadLetter<P>>();

  constructor(breaker: Breaker, limits: DeadLetterLimits<P>) {
    this.#breaker = breaker;
    this.#limits = limits;
  }

  /** Oldest first. */
  list(): readonly DeadLetter<P>[] {
    this.#dropOld();
    return [...this.#letters];
  }

  /** Keeps a letter of a payload that died now. */
  add(letter: DeadLetter<P>): void {
    this.counters[DEAD[letter.reason]] += 1;
    if (deadLetteredChannel.hasSubscribers) {
      const ageMs = letter.deadAtMs - letter.enqueuedAtMs;
      deadLetteredChannel.publish({ name: this.#breaker.name, reason: letter.reason, ageMs });
    }
    this.putBack(letter);
  }

  /** Keeps a letter that was taken for a replay. */
  putBack(letter: DeadLetter<P>): void {
    this.#dropOld();
    this.#letters.add(letter);
    for (const oldest of this.#letters) {
      if (this.#letters.size <= this.#limits.max) break;
      this.#drop(oldest, 'overflow');
    }
  }

  /** False: it is not there, or no longer. */
  remove(letter: DeadLetter<P>): boolean {
    return this.#letters.delete(letter);
  }

  #dropOld(): void {
    const diedBeforeMs = this.#breaker.now() - this.#limits.ttlMs;
    for (const letter of this.#letters) if (letter.deadAtMs <= diedBeforeMs) this.#drop(letter, 'ttl');
  }

  #drop(letter: DeadLetter<P>, reason: 'overflow' | 'ttl'): void {
    this.#letters.delete(letter);
    this.counters[DROPPED[reason]] += 1;
    if (deadLetterDroppedChannel.hasSubscribers) deadLetterDroppedChannel.publish({ name: this.#breaker.name, reason });
    try {
      this.#limits.onDrop(letter, reason);
    } catch (error) {
      reportListenerError(this.#breaker, error);
    }
  }
}
