import type { SlotLimit } from './aimd.ts';
import { channels, type ProducerMessage } from './diagnostics.ts';
import type { DriverProducer } from './driver.ts';
import { hashOfName } from './rendezvous.ts';
import { NEW_SLOT, nextSlot, type ProducerState, type Slot, type SlotEvent } from './slot.ts';
import { PartCounters } from './stats.ts';

/** The calls of one producer towards one broker. */
export interface BrokerSlots {
  busy: number;
  limit: SlotLimit;
}

/** A producer of the pool with its calls. */
export interface PooledProducer {
  readonly id: string;
  readonly pool: string;
  /** Of the id, for placement. */
  readonly hash: number;
  readonly driver: DriverProducer;
  readonly openedAtMs: number;
  readonly counters: PartCounters;
  /** Outstanding calls, and how many there may be, by broker. */
  readonly slots: Map<number, BrokerSlots>;
  slot: Slot;
  calls: number;
  /** The last acknowledgement, or since when it has had calls without one. */
  waitingSinceMs: number;
  lastUsedMs: number;
  /** When a retired producer with calls is killed. */
  graceUntilMs: number;
  killing: boolean;
}

export const newPooledProducer = (
  { id, pool }: Pick<PooledProducer, 'id' | 'pool'>,
  driver: DriverProducer,
  nowMs: number,
): PooledProducer => ({
  id,
  pool,
  hash: hashOfName(id),
  driver,
  openedAtMs: nowMs,
  counters: new PartCounters(),
  slots: new Map(),
  slot: NEW_SLOT,
  calls: 0,
  waitingSinceMs: nowMs,
  lastUsedMs: nowMs,
  graceUntilMs: Number.POSITIVE_INFINITY,
  killing: false,
});

/** Moves a producer through its life and tells; true if its state has changed. */
export const moveProducer = (
  producer: PooledProducer,
  event: SlotEvent,
  o: Pick<ProducerMessage, 'reason' | 'detail' | 'durationMs'> = {},
): boolean => {
  const from: ProducerState = producer.slot.state;
  producer.slot = nextSlot(producer.slot, event);
  const to = producer.slot.state;
  if (from !== to) tellProducer({ name: producer.pool, producerId: producer.id, from, to, ...o });
  return from !== to;
};

export const tellProducer = (message: ProducerMessage): void => {
  if (channels.producer.hasSubscribers) channels.producer.publish(message);
};
