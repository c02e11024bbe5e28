/** What is seen from outside while a pool runs: how much it buffers, and what its calls may have written twice. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { ProducerPool } from '../../src/index.ts';

const CHANNEL = 'busbar:producer-pool:send';
/** A client tries at most twice again within a call, and not before this time. */
const INNER_RETRIES = 2;
const INNER_RETRY_AFTER_MS = 80;
const SAMPLE_MS = 20;

/** The part of the channel's message that is read here. */
interface SendSeen {
  readonly topic: string;
  readonly recordCount: number;
  readonly durationMs: number;
  readonly outcome: string;
  readonly error: unknown;
}

const isSend = (message: unknown): message is SendSeen =>
  typeof message === 'object' && message !== null && 'recordCount' in message && 'outcome' in message;

const isNotSent = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'outcome' in error && error.outcome === 'not-sent';

export class ChaosWatch implements Disposable {
  mostRecords = 0;
  mostBytes = 0;
  readonly #allowed = new Map<string, number>();
  readonly #pool: ProducerPool;
  readonly #innerRetries: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pool: ProducerPool, o: { readonly idempotent: boolean }) {
    this.#pool = pool;
    this.#innerRetries = o.idempotent ? 0 : INNER_RETRIES;
    this.#timer = setInterval(() => {
      this.#sample();
    }, SAMPLE_MS);
    this.#timer.unref();
    subscribe(CHANNEL, this.#onSend);
  }

  /**
   * Records that may be in the log of a topic once more than acknowledged: those of each call that failed with an open end. Without
   * idempotence the client's own retries inside a call count as well.
   */
  duplicatesAllowed(topic: string): number {
    return this.#allowed.get(topic) ?? 0;
  }

  /** What the pool may not do, so far. */
  violations(): readonly string[] {
    const { limitRecords, limitBytes } = this.#pool.stats().buffered;
    return [
      ...(this.mostRecords > limitRecords ? [`${this.mostRecords} records buffered, limit ${limitRecords}`] : []),
      ...(this.mostBytes > limitBytes ? [`${this.mostBytes} bytes buffered, limit ${limitBytes}`] : []),
    ];
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    unsubscribe(CHANNEL, this.#onSend);
  }

  readonly #onSend = (message: unknown): void => {
    if (!isSend(message)) return;
    const { topic, recordCount } = message;
    this.#allowed.set(topic, this.duplicatesAllowed(topic) + recordCount * this.#repeatsIn(message));
  };

  #repeatsIn({ durationMs, outcome, error }: SendSeen): number {
    if (outcome === 'failed') return isNotSent(error) ? 0 : 1 + this.#innerRetries;
    return durationMs >= INNER_RETRY_AFTER_MS ? this.#innerRetries : 0;
  }

  #sample(): void {
    const { records, bytes } = this.#pool.stats().buffered;
    this.mostRecords = Math.max(this.mostRecords, records);
    this.mostBytes = Math.max(this.mostBytes, bytes);
  }
}

/** Bytes in use once everything unreachable is gone. */
export const liveHeapBytes = (): number => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
  return process.memoryUsage().heapUsed;
};
