/** A call that is held in the queue of a degrader until it is settled, once. */
import type { DequeuedResult } from '../diagnostics.ts';
import type { Held } from './hold-queue.ts';

export interface HeldCallInit<P, T> {
  readonly payload: P;
  readonly key: string | undefined;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
  readonly replay: boolean;
  readonly enqueuedAtMs: number;
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
  /** The caller gave up. */
  readonly onAbort: (call: HeldCall<P, T>) => void;
}

export class HeldCall<P, T> implements Held {
  readonly payload: P;
  readonly key: string | undefined;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
  readonly replay: boolean;
  readonly enqueuedAtMs: number;
  /** Ends the waiting for a permit, or for the next try, as soon as the call is settled. */
  readonly #settled = new AbortController();
  readonly #resolve: (result: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onAbort: () => void;
  /** The function is running just now. */
  isRunning = false;
  /** It ran and may have had its effect. */
  isAmbiguous = false;
  /** What became of it; `undefined`: it is held. */
  outcome: DequeuedResult | undefined;

  constructor(init: HeldCallInit<P, T>) {
    this.payload = init.payload;
    this.key = init.key;
    this.bytes = init.bytes;
    this.signal = init.signal;
    this.replay = init.replay;
    this.enqueuedAtMs = init.enqueuedAtMs;
    this.#resolve = init.resolve;
    this.#reject = init.reject;
    this.#onAbort = () => {
      init.onAbort(this);
    };
    this.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get isSettled(): boolean {
    return this.outcome !== undefined;
  }
  get settledSignal(): AbortSignal {
    return this.#settled.signal;
  }

  succeed(result: T): void {
    this.#end('drained');
    this.#resolve(result);
  }

  fail(outcome: DequeuedResult, error: unknown): void {
    this.#end(outcome);
    this.#reject(error);
  }

  #end(outcome: DequeuedResult): void {
    this.outcome = outcome;
    this.signal?.removeEventListener('abort', this.#onAbort);
    this.#settled.abort();
  }
}
