import { type AimdPolicy, type EndedCall, newSlotLimit, nextSlotLimit } from './aimd.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import type { PooledProducer } from './pooled-producer.ts';

/** How a call ended, as far as the number of calls at a time is concerned; `unsent`: it says nothing. */
export type CallEnd = EndedCall['how'] | 'unsent';

/**
 * The slots of each producer towards each broker: never more than the driver really runs, because a queue inside the driver hides the wait
 * and defeats the watchdog (PO-3). Without idempotence their number is learned (PO-4).
 */
export class CallSlots {
  /** Calls that the driver runs at the same time towards one broker. */
  readonly driverLimit: number;
  readonly #policy: AimdPolicy;
  readonly #learns: boolean;

  constructor({ driver, idempotent, pool }: ResolvedProducerPoolOptions) {
    const { plain, idempotent: sequenced } = driver.capabilities.inFlightPerBroker;
    this.driverLimit = idempotent && sequenced !== 'unsupported' ? sequenced : plain;
    this.#learns = !idempotent;
    this.#policy = {
      start: Math.min(pool.slotsPerProducer, this.driverLimit),
      max: Math.min(pool.maxSlotsPerProducer, this.driverLimit),
      windowMs: pool.scaleWindowMs,
    };
  }

  /** Calls the producer may have towards this broker at present. */
  limitOf(producer: PooledProducer, broker: number): number {
    return producer.limits.get(broker)?.limit ?? this.#policy.start;
  }

  /** Slots of a producer in a cluster of so many brokers. */
  total(producer: PooledProducer, brokers: number): number {
    let total = Math.max(0, brokers - producer.limits.size) * this.#policy.start;
    for (const { limit } of producer.limits.values()) total += limit;
    return total;
  }

  /** Takes a slot; false if none is free. */
  take(producer: PooledProducer, broker: number, nowMs: number): boolean {
    const busy = producer.busy.get(broker) ?? 0;
    if (busy >= this.limitOf(producer, broker)) return false;
    producer.busy.set(broker, busy + 1);
    producer.calls += 1;
    producer.lastUsedMs = nowMs;
    return true;
  }

  /** Gives a slot back. */
  release(
    producer: PooledProducer,
    { broker, how, nowMs }: { readonly broker: number; readonly how: CallEnd; readonly nowMs: number },
  ): void {
    const busy = producer.busy.get(broker) ?? 1;
    producer.busy.set(broker, busy - 1);
    producer.calls -= 1;
    producer.lastUsedMs = nowMs;
    if (!this.#learns || how === 'unsent') return;
    const policy = this.#policy;
    const limit = producer.limits.get(broker) ?? newSlotLimit(policy, producer.openedAtMs);
    producer.limits.set(broker, nextSlotLimit(limit, { how, busy }, { policy, nowMs }));
  }
}
