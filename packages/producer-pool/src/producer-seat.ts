/**
 * A seat holds one producer at a time and replaces it: open first, then swap, then let the old one end (PO-7).
 *
 * Openings are single-flight and wait in a backoff that counts failures and retirements, so that a dead broker never becomes a storm of
 * connections. A retired producer gets no new call; it is closed when its calls have ended, and killed when its grace is over.
 */
import { type Backoff, nextDelayMs, resolveBackoff } from '@busbar/retry';

import { channels, type ProducerMessage } from './diagnostics.ts';
import type { DriverFault, DriverProducer } from './driver.ts';
import { ProducerDriverError, type ProducerUnavailableError } from './errors.ts';
import { guarded } from './guarded.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import { NEW_SLOT, nextSlot, type ProducerState, type RetireReason, type Slot, type SlotEvent } from './slot.ts';
import { PartCounters, type PoolCounters } from './stats.ts';
import { within } from './within.ts';

/** A producer of the pool with its calls. */
export interface PooledProducer {
  readonly id: string;
  readonly driver: DriverProducer;
  readonly openedAtMs: number;
  readonly counters: PartCounters;
  /** Outstanding calls by broker. */
  readonly busy: Map<number, number>;
  slot: Slot;
  calls: number;
  /** When a retired producer with calls is killed. */
  graceUntilMs: number;
  killing: boolean;
}

export interface SeatHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  /** A name no other producer of the pool has. */
  nextId(): string;
  requestTick(atMs: number): void;
  /** A producer can take calls. */
  onReady(): void;
  /** The guard lets nothing be opened. */
  onRefused(error: ProducerUnavailableError): void;
  onOpenFailed(fault: DriverFault, error: ProducerDriverError): void;
  /** The producer can send nothing any more (`dead`), or its kill does not come back (`stuck`). */
  onKilled(producer: PooledProducer, how: 'dead' | 'stuck'): void;
}

/** Acknowledgements for this long make a seat forget earlier failures. */
const FORGET_AFTER_MS = 30_000;

export class ProducerSeat {
  readonly #host: SeatHost;
  readonly #backoff: Backoff;
  readonly #retiring = new Set<PooledProducer>();
  #current: PooledProducer | undefined;
  #opening: { readonly abort: AbortController; readonly deadlineMs: number; readonly done: Promise<void> } | undefined;
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

  /** Every producer that is not dead. */
  get producers(): readonly PooledProducer[] {
    return this.#current === undefined ? [...this.#retiring] : [this.#current, ...this.#retiring];
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

  /** Replaces the producer by a new one without a gap; resolves when that is in place. */
  async recycle(why: string): Promise<void> {
    this.#recycleWhy = why;
    this.#failures = 0;
    this.#notBeforeMs = 0;
    if (!this.#closed && this.#opening === undefined) this.#start();
    await this.#opening?.done;
  }

  /** Takes over another seat's producer; the own one is retired. */
  adopt(other: ProducerSeat): void {
    const producer = other.#current;
    if (producer === undefined) return;
    other.#current = undefined;
    const previous = this.#current;
    this.#current = producer;
    if (previous !== undefined) this.#retire(previous, 'recovered');
    this.#host.onReady();
  }

  /** No new call for this producer. `urgent`: the broker is well, so its replacement need not wait. */
  retire(producer: PooledProducer, reason: RetireReason, urgent: boolean): void {
    if (producer !== this.#current) return;
    this.#current = undefined;
    if (!urgent) this.#waitLonger();
    this.#retire(producer, reason);
  }

  acked(producer: PooledProducer): void {
    this.#move(producer, 'acked');
    this.#refused = false;
    if (this.#now() - producer.openedAtMs >= FORGET_AFTER_MS) this.#failures = 0;
  }

  faulted(producer: PooledProducer): void {
    this.#move(producer, 'faulted');
  }

  callEnded(producer: PooledProducer): void {
    if (producer.slot.state === 'retiring' && producer.calls === 0 && !producer.killing) void this.#end(producer);
  }

  dueAtMs(): number {
    const moments = [...this.#retiring]
      .filter((producer) => !producer.killing)
      .map((producer) => producer.graceUntilMs);
    if (this.#opening !== undefined) moments.push(this.#opening.deadlineMs);
    return Math.min(Number.POSITIVE_INFINITY, ...moments);
  }

  tick(nowMs: number): void {
    if (this.#opening !== undefined && nowMs >= this.#opening.deadlineMs) this.#opening.abort.abort();
    for (const producer of this.#retiring) if (nowMs >= producer.graceUntilMs) void this.kill(producer, 'grace over');
  }

  /** Cuts a producer with all its calls. */
  async kill(producer: PooledProducer, why: string): Promise<void> {
    if (producer.killing) return;
    producer.killing = true;
    if (producer === this.#current) this.retire(producer, 'watchdog', false);
    const { options, counters } = this.#host;
    const killed = producer.driver.kill(why);
    const dead = (): void => {
      counters.killed += 1;
      this.#bury(producer);
      this.#host.onKilled(producer, 'dead');
    };
    const how = await within(killed, options.pool.killTimeoutMs, options.timers);
    if (how === 'resolved') return dead();
    this.#host.onKilled(producer, 'stuck');
    // A driver that breaks its contract leaves the lanes fenced until it says at last that the producer is dead, if it ever does.
    killed.then(dead, () => undefined);
  }

  /** Ends every producer by the deadline. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    this.#opening?.abort.abort();
    await this.#opening?.done;
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#retire(current, 'closed');
    await Promise.all([...this.#retiring].map((producer) => this.#end(producer, deadlineMs)));
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

  #start(): void {
    const abort = new AbortController();
    const deadlineMs = this.#now() + this.#host.options.attemptTimeoutMs;
    this.#host.requestTick(deadlineMs);
    const done = this.#open(abort.signal).finally(() => {
      this.#opening = undefined;
    });
    this.#opening = { abort, deadlineMs, done };
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { options, counters } = this.#host;
    const id = this.#host.nextId();
    const startedAtMs = this.#now();
    this.#tell({ name: options.name, producerId: id, from: undefined, to: 'connecting' });
    let fault: DriverFault | undefined;
    const result = await guarded(
      options.guard,
      async () => {
        try {
          return await this.#openDriver(id, signal);
        } catch (error) {
          fault = options.driver.classify(error);
          throw new ProducerDriverError(
            {
              pool: options.name,
              scope: fault.scope === 'client' ? 'client' : 'broker',
              kind: fault.kind,
              kafkaError: fault.kafkaError,
              kafkaCode: fault.kafkaCode,
            },
            { cause: error, outcome: 'not-sent' },
          );
        }
      },
      { pool: options.name, scope: 'broker' },
    );
    const durationMs = this.#now() - startedAtMs;
    this.#refused = result.type === 'refused';
    if (result.type === 'done') {
      counters.opened += 1;
      counters.openMs.record(durationMs);
      this.#install(id, result.value, durationMs);
      return;
    }
    this.#tell({ name: options.name, producerId: id, from: 'connecting', to: 'dead', durationMs });
    this.#waitLonger();
    if (this.#closed) return;
    if (result.type === 'refused') {
      this.#notBeforeMs = Math.max(this.#notBeforeMs, this.#now() + (result.error.retryAfterMs ?? 0));
      this.#host.onRefused(result.error);
    } else if (fault !== undefined && result.error instanceof ProducerDriverError) {
      counters.openFailures += 1;
      this.#host.onOpenFailed(fault, result.error);
    }
  }

  async #openDriver(id: string, signal: AbortSignal): Promise<DriverProducer> {
    const { options } = this.#host;
    const { connectTimeoutMs, requestTimeoutMs, idempotent } = options;
    const opening = options.runInContext(() =>
      options.driver.open({ id, idempotent, connectTimeoutMs, requestTimeoutMs, signal }),
    );
    const cut = Promise.withResolvers<never>();
    const onAbort = (): void => {
      // A driver that opens in spite of the signal has its producer killed: nobody would ever close it.
      opening.then(
        (late) => within(late.kill('opened too late'), options.pool.killTimeoutMs, options.timers),
        () => undefined,
      );
      cut.reject(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([opening, cut.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #install(id: string, driver: DriverProducer, durationMs: number): void {
    const producer: PooledProducer = {
      id,
      driver,
      openedAtMs: this.#now(),
      counters: new PartCounters(),
      busy: new Map(),
      slot: NEW_SLOT,
      calls: 0,
      graceUntilMs: Number.POSITIVE_INFINITY,
      killing: false,
    };
    this.#move(producer, 'opened', { durationMs });
    const previous = this.#current;
    this.#current = producer;
    if (previous !== undefined) this.#retire(previous, 'recycled', this.#recycleWhy);
    if (!this.#closed) this.#host.onReady();
  }

  #retire(producer: PooledProducer, reason: RetireReason, detail?: string): void {
    const { counters, options } = this.#host;
    counters.retired[reason] = (counters.retired[reason] ?? 0) + 1;
    this.#retiring.add(producer);
    this.#move(producer, 'retire', { reason, ...(detail === undefined ? {} : { detail }) });
    producer.graceUntilMs = this.#now() + options.pool.retireGraceMs;
    if (reason === 'closed') return;
    if (producer.calls === 0) this.callEnded(producer);
    else this.#host.requestTick(producer.graceUntilMs);
  }

  /** Closes a producer without calls; kills it if that does not work. */
  async #end(producer: PooledProducer, deadlineMs = this.#host.options.pool.retireGraceMs): Promise<void> {
    if (producer.killing) return;
    producer.killing = true;
    const { options, counters } = this.#host;
    const closed = await within(
      producer.driver.close({ deadlineMs }),
      deadlineMs + options.pool.killTimeoutMs,
      options.timers,
    );
    if (closed === 'resolved') {
      counters.closed += 1;
      this.#bury(producer);
      this.#host.onKilled(producer, 'dead');
      return;
    }
    producer.killing = false;
    await this.kill(producer, 'close failed');
  }

  #bury(producer: PooledProducer): void {
    this.#retiring.delete(producer);
    this.#move(producer, 'ended');
  }

  #move(
    producer: PooledProducer,
    event: SlotEvent,
    o: Pick<ProducerMessage, 'reason' | 'detail' | 'durationMs'> = {},
  ): void {
    const from: ProducerState = producer.slot.state;
    producer.slot = nextSlot(producer.slot, event);
    const to = producer.slot.state;
    if (from !== to) this.#tell({ name: this.#host.options.name, producerId: producer.id, from, to, ...o });
  }

  #tell(message: ProducerMessage): void {
    if (channels.producer.hasSubscribers) channels.producer.publish(message);
  }
}
