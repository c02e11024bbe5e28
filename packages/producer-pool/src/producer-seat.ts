/**
 * A seat holds one producer at a time and replaces it: open first, then swap (PO-7).
 *
 * Openings are single-flight and wait in a backoff that counts failures and retirements, so that a dead broker never becomes a storm of
 * connections.
 */
import { type Backoff, nextDelayMs, resolveBackoff } from '@busbar/retry';

import type { ProducerDriverError, ProducerUnavailableError } from './errors.ts';
import { type Opened, openProducer } from './opening.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { moveProducer, newPooledProducer, type PooledProducer, tellProducer } from './pooled-producer.ts';
import type { Retirement } from './retirement.ts';
import type { RetireReason } from './slot.ts';
import type { PoolCounters } from './stats.ts';

export interface SeatHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  readonly retirement: Retirement;
  /** A name no other producer of the pool has. */
  nextId(): string;
  requestTick(atMs: number): void;
  /** The producer of a seat has come or gone. */
  onChanged(): void;
  /** A producer can take calls. */
  onReady(): void;
  /** The guard lets nothing be opened. */
  onRefused(error: ProducerUnavailableError): void;
  onOpenFailed(error: ProducerDriverError): void;
}

/** Acknowledgements for this long make a seat forget earlier failures. */
const FORGET_AFTER_MS = 30_000;

interface Opening {
  readonly abort: AbortController;
  readonly deadlineMs: number;
  readonly done: Promise<Opened>;
}

export class ProducerSeat {
  readonly #host: SeatHost;
  readonly #backoff: Backoff;
  #current: PooledProducer | undefined;
  #opening: Opening | undefined;
  #failures = 0;
  #notBeforeMs = 0;
  #refused = false;
  #recycleWhy: string | undefined;
  #closed = false;

  constructor(host: SeatHost) {
    this.#host = host;
    const { replaceBaseMs, replaceMaxMs } = host.options.pool;
    this.#backoff = resolveBackoff({ baseMs: replaceBaseMs, maxMs: replaceMaxMs });
  }

  get current(): PooledProducer | undefined {
    return this.#current;
  }

  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  /** Opens a producer unless there is one, one is coming or the backoff says not yet. `eager`: a guard that refused is asked again at once. */
  want(eager: boolean): void {
    if (this.#closed || this.#current !== undefined || this.#opening !== undefined) return;
    if (this.#now() < this.#notBeforeMs && !(eager && this.#refused)) {
      this.#host.requestTick(this.#notBeforeMs);
      return;
    }
    this.#start();
  }

  /** Replaces the producer by a new one without a gap; resolves with how that went. */
  async recycle(why: string): Promise<Opened | undefined> {
    // What is on its way may still have the old credentials.
    await this.#opening?.done;
    if (this.#closed) return undefined;
    this.#recycleWhy = why;
    this.#failures = 0;
    this.#notBeforeMs = 0;
    return (this.#opening ?? this.#start()).done;
  }

  /** Takes over another seat's producer; the own one is retired. */
  adopt(other: ProducerSeat, reason: RetireReason): void {
    const previous = this.#current;
    this.#current = other.#current;
    other.#current = undefined;
    if (previous !== undefined) this.#host.retirement.add(previous, reason);
    this.#host.onChanged();
    this.#host.onReady();
  }

  /** No new call for the producer. `urgent`: the broker is well, so its replacement need not wait. */
  retire(reason: RetireReason, urgent: boolean): void {
    const producer = this.#current;
    if (producer === undefined) return;
    this.#current = undefined;
    if (!urgent) this.#waitLonger();
    this.#host.retirement.add(producer, reason);
    this.#host.onChanged();
  }

  /** The broker has acknowledged a call of the producer. */
  acked(producer: PooledProducer): void {
    this.#refused = false;
    if (this.#now() - producer.openedAtMs >= FORGET_AFTER_MS) this.#failures = 0;
  }

  dueAtMs(): number {
    return this.#opening?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  tick(nowMs: number): void {
    if (this.#opening !== undefined && nowMs >= this.#opening.deadlineMs) this.#opening.abort.abort();
  }

  /** Opens nothing any more and retires its producer. */
  async close(reason: RetireReason): Promise<void> {
    this.#closed = true;
    this.#opening?.abort.abort();
    this.retire(reason, true);
    await this.#opening?.done;
    this.retire(reason, true);
  }

  #now(): number {
    return this.#host.options.clock.now();
  }

  /** The next opening waits; the tick at its end makes it happen. */
  #waitLonger(): void {
    const { options } = this.#host;
    this.#failures += 1;
    const delayMs = nextDelayMs(this.#backoff, { retry: this.#failures, previousMs: 0 }, options.random);
    this.#notBeforeMs = this.#now() + delayMs;
    this.#host.requestTick(this.#notBeforeMs);
  }

  #start(): Opening {
    const abort = new AbortController();
    const deadlineMs = this.#now() + this.#host.options.attemptTimeoutMs;
    this.#host.requestTick(deadlineMs);
    const opening = { abort, deadlineMs, done: this.#open(abort.signal) };
    this.#opening = opening;
    return opening;
  }

  async #open(signal: AbortSignal): Promise<Opened> {
    const { options, counters } = this.#host;
    const id = this.#host.nextId();
    const startedAtMs = this.#now();
    tellProducer({ name: options.name, producerId: id, from: undefined, to: 'connecting' });
    const opened = await openProducer({ options, id, signal });
    this.#opening = undefined;
    const durationMs = this.#now() - startedAtMs;
    this.#refused = opened.type === 'refused';
    if (opened.type === 'done') {
      counters.opened += 1;
      counters.openMs.record(durationMs);
      this.#install(newPooledProducer({ id, pool: options.name }, opened.driver, this.#now()), durationMs);
      return opened;
    }
    tellProducer({ name: options.name, producerId: id, from: 'connecting', to: 'dead', durationMs });
    this.#waitLonger();
    if (!this.#closed) this.#notOpened(opened);
    return opened;
  }

  #notOpened(opened: Exclude<Opened, { readonly type: 'done' }>): void {
    if (opened.type === 'refused') {
      this.#notBeforeMs = Math.max(this.#notBeforeMs, this.#now() + (opened.error.retryAfterMs ?? 0));
      this.#host.onRefused(opened.error);
      return;
    }
    this.#host.counters.openFailures += 1;
    this.#host.onOpenFailed(opened.error);
  }

  #install(producer: PooledProducer, durationMs: number): void {
    moveProducer(producer, 'opened', { durationMs });
    const previous = this.#current;
    this.#current = producer;
    if (previous !== undefined) this.#host.retirement.add(previous, 'recycled', this.#recycleWhy);
    this.#host.onChanged();
    this.#host.onReady();
  }
}
