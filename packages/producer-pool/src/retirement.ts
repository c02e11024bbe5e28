/**
 * Producers on their way out: no new call, closed when their calls have ended, killed when their grace is over (PO-7, DP-4).
 */
import type { ResolvedProducerPoolOptions } from './options.ts';
import { moveProducer, type PooledProducer } from './pooled-producer.ts';
import type { RetireReason } from './slot.ts';
import type { PoolCounters } from './stats.ts';
import { within } from './within.ts';

export interface RetirementHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  requestTick(atMs: number): void;
  /** The producer can send nothing any more (`dead`), or its kill does not come back (`stuck`). */
  onKilled(producer: PooledProducer, how: 'dead' | 'stuck'): void;
}

export class Retirement {
  readonly #host: RetirementHost;
  readonly #retiring = new Set<PooledProducer>();
  #closing = false;

  constructor(host: RetirementHost) {
    this.#host = host;
  }

  get producers(): ReadonlySet<PooledProducer> {
    return this.#retiring;
  }

  /** No new call for this producer from here on; it ends by itself. */
  add(producer: PooledProducer, reason: RetireReason, detail?: string): void {
    const { counters, options } = this.#host;
    counters.retired[reason] = (counters.retired[reason] ?? 0) + 1;
    this.#retiring.add(producer);
    moveProducer(producer, 'retire', { reason, ...(detail === undefined ? {} : { detail }) });
    producer.graceUntilMs = options.clock.now() + options.pool.retireGraceMs;
    if (this.#closing) return;
    if (producer.calls === 0) this.callEnded(producer);
    else this.#host.requestTick(producer.graceUntilMs);
  }

  callEnded(producer: PooledProducer): void {
    if (!this.#retiring.has(producer) || producer.calls > 0 || producer.killing) return;
    void this.#end(producer, this.#host.options.pool.retireGraceMs);
  }

  /** Cuts a producer with all its calls. */
  async kill(producer: PooledProducer, why: string): Promise<void> {
    if (producer.killing) return;
    producer.killing = true;
    const { options, counters } = this.#host;
    const killed = producer.driver.kill(why);
    const dead = (): void => {
      counters.killed += 1;
      this.#bury(producer);
    };
    const how = await within(killed, options.pool.killTimeoutMs, options.timers);
    if (how === 'resolved') return dead();
    this.#host.onKilled(producer, 'stuck');
    // A driver that breaks its contract leaves the lanes fenced until it says at last that the producer is dead, if it ever does.
    killed.then(dead, () => undefined);
  }

  dueAtMs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const producer of this.#retiring) if (!producer.killing) due = Math.min(due, producer.graceUntilMs);
    return due;
  }

  tick(nowMs: number): void {
    for (const producer of this.#retiring) if (nowMs >= producer.graceUntilMs) void this.kill(producer, 'grace over');
  }

  /** From here on nothing ends by itself: `close` ends it. */
  beginClose(): void {
    this.#closing = true;
  }

  /** Ends every producer by the deadline. */
  async close(deadlineMs: number): Promise<void> {
    await Promise.all([...this.#retiring].map((producer) => this.#end(producer, deadlineMs)));
  }

  /** Closes a producer without calls; kills it if that does not work. */
  async #end(producer: PooledProducer, deadlineMs: number): Promise<void> {
    if (producer.killing) return;
    producer.killing = true;
    const { options, counters } = this.#host;
    const limitMs = deadlineMs + options.pool.killTimeoutMs;
    const closed = await within(producer.driver.close({ deadlineMs }), limitMs, options.timers);
    if (closed === 'resolved') {
      counters.closed += 1;
      this.#bury(producer);
      return;
    }
    producer.killing = false;
    await this.kill(producer, 'close failed');
  }

  #bury(producer: PooledProducer): void {
    this.#retiring.delete(producer);
    moveProducer(producer, 'ended');
    this.#host.onKilled(producer, 'dead');
  }
}
