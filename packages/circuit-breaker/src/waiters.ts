/**
 * Those who wait for a permit: first come, first served, bounded, and woken one per permit.
 *
 * A waiter is resolved *with* its permit, acquired before it is woken. So no wake-up is lost when a woken caller does nothing,
 * and nobody who comes later can take the place of one who was woken. One timer stands while somebody waits: it is set for the
 * moment at which time alone may change the answer.
 */
import type { Timers } from '@busbar/retry';

import type { ReadyOptions } from './breaker.ts';
import { abortedError, BreakerQueueFullError, BreakerQueueTimeoutError, BreakerShutDownError } from './errors.ts';
import type { Permit } from './permit.ts';

/** Where waiters get their permits. */
export interface PermitGate {
  /** A permit, or 0; no refusal is counted. */
  acquire(): Permit | 0;
  /** Whether a slow start is under way: after a refusal the next attempt may succeed, and only time brings more. */
  readonly isSpreading: boolean;
  /** When time alone may change a refusal, in ms; infinite if it cannot. */
  refusedForMs(): number;
}

export interface WaiterParts {
  readonly name: string;
  readonly maxWaiters: number;
  readonly timers: Timers;
  readonly gate: PermitGate;
  /** Called after the timer had its effect. */
  readonly onWoken: () => void;
}

interface Waiter {
  resolve(permit: Permit): void;
  reject(error: Error): void;
  /** Drops timer and listener; runs once, when the waiter leaves. */
  leave(): void;
}

export class Waiters {
  readonly #parts: WaiterParts;
  readonly #gate: PermitGate;
  /** In order of arrival; a set, so that one who gives up leaves in O(1). */
  readonly #waiting = new Set<Waiter>();
  #timer: unknown;
  /** The timer is the next step of a slow start. */
  #isStepping = false;

  constructor(parts: WaiterParts) {
    this.#parts = parts;
    this.#gate = parts.gate;
  }

  get size(): number {
    return this.#waiting.size;
  }

  wait(options: ReadyOptions): Promise<Permit> {
    const { name, maxWaiters } = this.#parts;
    if (this.#waiting.size >= maxWaiters) {
      return Promise.reject(new BreakerQueueFullError({ breaker: name, limit: maxWaiters }));
    }
    return new Promise((resolve, reject) => {
      this.#enter(resolve, reject, options);
    });
  }

  #enter(resolve: (permit: Permit) => void, reject: (error: Error) => void, { signal, timeoutMs }: ReadyOptions): void {
    const { name, timers } = this.#parts;
    const onAbort = (): void => {
      this.#fail(waiter, abortedError(`waiting for breaker "${name}"`, signal));
    };
    const timer =
      timeoutMs === undefined
        ? undefined
        : timers.set(() => {
            this.#fail(waiter, new BreakerQueueTimeoutError({ breaker: name, limitMs: timeoutMs }));
          }, timeoutMs);
    const waiter: Waiter = {
      resolve,
      reject,
      leave: () => {
        if (timer !== undefined) timers.clear(timer);
        signal?.removeEventListener('abort', onAbort);
      },
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(waiter);
    if (this.#waiting.size === 1) this.#arm();
  }

  #fail(waiter: Waiter, error: Error): void {
    this.#remove(waiter);
    waiter.reject(error);
    if (this.#waiting.size === 0) this.#disarm();
  }

  #remove(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    waiter.leave();
  }

  /** Gives a permit to each waiter for whom there is one; every waiter stands for one attempt. */
  wake(): void {
    if (this.#isStepping && this.#gate.isSpreading) return; // calls that end free nothing now: only time does
    let attempts = this.#waiting.size;
    for (const waiter of this.#waiting) {
      let permit: Permit | 0 = 0;
      while (permit === 0 && attempts > 0) {
        permit = this.#gate.acquire();
        attempts = permit === 0 && !this.#gate.isSpreading ? 0 : attempts - 1;
      }
      if (permit === 0) break;
      this.#remove(waiter);
      waiter.resolve(permit);
    }
    this.#arm();
  }

  /** Everybody leaves with {@link BreakerShutDownError}. */
  shutDown(): void {
    this.#disarm();
    for (const waiter of this.#waiting) this.#fail(waiter, new BreakerShutDownError({ breaker: this.#parts.name }));
  }

  #arm(): void {
    this.#disarm();
    if (this.#waiting.size === 0) return;
    const delayMs = this.#gate.refusedForMs();
    if (!Number.isFinite(delayMs)) return;
    this.#isStepping = this.#gate.isSpreading;
    this.#timer = this.#parts.timers.set(() => {
      this.#timer = undefined;
      this.#isStepping = false;
      this.wake();
      this.#parts.onWoken();
    }, Math.ceil(delayMs));
  }

  #disarm(): void {
    if (this.#timer === undefined) return;
    this.#parts.timers.clear(this.#timer);
    this.#timer = undefined;
    this.#isStepping = false;
  }
}
