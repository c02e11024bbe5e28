import { type AimdPolicy, type EndedCall, newSlotLimit, nextSlotLimit } from './aimd.ts';
import type { AttemptResult } from './attempt.ts';
import { TIMEOUT_ERRORS } from './kafka-errors.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import type { BrokerSlots, PooledProducer } from './pooled-producer.ts';

/** How a call ended, as far as the number of calls at a time is concerned; `unsent`: it says nothing. */
export type CallEnd = EndedCall['how'] | 'unsent';

export const endOf = (result: AttemptResult): CallEnd => {
  if (result.type === 'refused') return 'unsent';
  if (result.type === 'acked') return (result.ack.throttleMs ?? 0) > 0 ? 'throttled' : 'answered';
  return TIMEOUT_ERRORS.has(result.fault.kafkaError ?? '') ? 'timeout' : 'answered';
};

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

  /** Slots of a producer in a cluster of so many brokers. */
  total(producer: PooledProducer, brokers: number): number {
    let total = Math.max(0, brokers - producer.slots.size) * this.#policy.start;
    for (const { limit } of producer.slots.values()) total += limit.limit;
    return total;
  }

  hasRoom(producer: PooledProducer, broker: number): boolean {
    const { busy, limit } = this.#slotsOf(producer, broker);
    return busy < limit.limit;
  }

  /** Takes a slot; there must be room. */
  take(producer: PooledProducer, broker: number, nowMs: number): void {
    this.#slotsOf(producer, broker).busy += 1;
    producer.calls += 1;
    producer.lastUsedMs = nowMs;
  }

  /** Gives a slot back. */
  release(
    producer: PooledProducer,
    { broker, how, nowMs }: { readonly broker: number; readonly how: CallEnd; readonly nowMs: number },
  ): void {
    const slots = this.#slotsOf(producer, broker);
    const { busy } = slots;
    slots.busy -= 1;
    producer.calls -= 1;
    producer.lastUsedMs = nowMs;
    if (!this.#learns || how === 'unsent') return;
    slots.limit = nextSlotLimit(slots.limit, { how, busy }, { policy: this.#policy, nowMs });
  }

  #slotsOf(producer: PooledProducer, broker: number): BrokerSlots {
    const known = producer.slots.get(broker);
    if (known !== undefined) return known;
    const slots: BrokerSlots = { busy: 0, limit: newSlotLimit(this.#policy, producer.openedAtMs) };
    producer.slots.set(broker, slots);
    return slots;
  }
}
