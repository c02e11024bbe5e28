/**
 * Which producer a lane may use.
 *
 * After a rejected idempotent call the client's sequence numbers of that partition are in doubt: the next batch of the same size could be
 * taken for a duplicate and be acknowledged without being written. So the *lane* never uses that producer again (LN-6). Where the fault
 * concerns the connection or the client, the producer itself is retired. Where the broker answered about one partition, topic or record,
 * only the lane leaves: its retries go through the *quarantine* producer, which every further rejection replaces, and healthy lanes keep
 * theirs. When every lane that left is well again, the quarantine producer becomes the shared one.
 */
import type { DriverFault } from './driver.ts';
import { FAULTS } from './kafka-errors.ts';
import { type PooledProducer, ProducerSeat, type SeatHost } from './producer-seat.ts';
import type { RetireReason } from './slot.ts';

/** What placement knows of a lane. */
export interface Placed {
  /** The shared producer this lane has left. */
  leftProducerId: string | undefined;
  /** True while the lane's last attempt failed. */
  isFailing(): boolean;
}

export class Placement {
  readonly shared: ProducerSeat;
  readonly quarantine: ProducerSeat;
  readonly #left = new Set<Placed>();
  readonly #keepsDoubt: boolean;
  readonly #slots: number;

  constructor(host: SeatHost) {
    const { driver, idempotent, pool } = host.options;
    this.shared = new ProducerSeat(host);
    this.quarantine = new ProducerSeat(host);
    this.#keepsDoubt = idempotent && !driver.capabilities.selfHeals;
    const { plain, idempotent: sequenced } = driver.capabilities.inFlightPerBroker;
    const inFlight = idempotent && sequenced !== 'unsupported' ? sequenced : plain;
    this.#slots = Math.min(pool.slotsPerProducer, inFlight);
  }

  get producers(): readonly PooledProducer[] {
    return [...this.shared.producers, ...this.quarantine.producers];
  }

  /** Calls one producer may have towards one broker. */
  get slotsPerBroker(): number {
    return this.#slots;
  }

  /** A producer with a free slot for this broker, or undefined: one is on its way then, or a call will end. */
  take(lane: Placed, broker: number): PooledProducer | undefined {
    const seat = this.#seatOf(lane);
    const producer = seat.current;
    if (producer === undefined) {
      seat.want(true);
      return undefined;
    }
    const busy = producer.busy.get(broker) ?? 0;
    if (busy >= this.#slots) return undefined;
    producer.busy.set(broker, busy + 1);
    producer.calls += 1;
    return producer;
  }

  /** Gives the slot of an ended call back. */
  release(producer: PooledProducer, broker: number): void {
    producer.busy.set(broker, (producer.busy.get(broker) ?? 1) - 1);
    producer.calls -= 1;
    this.#seatHolding(producer).callEnded(producer);
  }

  acked(producer: PooledProducer): void {
    this.#seatHolding(producer).acked(producer);
  }

  /** A call of the lane on this producer failed. */
  faulted(lane: Placed, producer: PooledProducer, fault: DriverFault): void {
    const seat = this.#seatHolding(producer);
    seat.faulted(producer);
    const reason = reasonOf(fault);
    const broken = fault.kind === 'producer-broken' || reason === 'auth';
    if (!broken && !this.#keepsDoubt) return;
    const answered = fault.scope === 'lane' || fault.scope === 'topic' || fault.scope === 'record';
    if (!broken && answered) {
      if (producer === this.shared.current) this.#leave(lane, producer);
      else seat.retire(producer, 'rejected', true);
      return;
    }
    seat.retire(producer, reason, false);
    if (seat === this.shared) seat.want(false);
  }

  /** Ends the quarantine when every lane in it is well again; called after each answer. */
  review(): void {
    for (const lane of this.#left) if (lane.leftProducerId === undefined) this.#left.delete(lane);
    if (this.quarantine.current === undefined) return;
    if (this.#left.size === 0) {
      this.quarantine.retire(this.quarantine.current, 'unused', true);
      return;
    }
    for (const lane of this.#left) if (lane.isFailing()) return;
    this.shared.adopt(this.quarantine);
    for (const lane of this.#left) lane.leftProducerId = undefined;
    this.#left.clear();
  }

  forget(lane: Placed): void {
    this.#left.delete(lane);
  }

  dueAtMs(): number {
    return Math.min(this.shared.dueAtMs(), this.quarantine.dueAtMs());
  }

  tick(nowMs: number): void {
    this.shared.tick(nowMs);
    this.quarantine.tick(nowMs);
    this.shared.want(false);
  }

  kill(producer: PooledProducer): void {
    void this.#seatHolding(producer).kill(producer, 'watchdog');
  }

  async close(deadlineMs: number): Promise<void> {
    await Promise.all([this.shared.close(deadlineMs), this.quarantine.close(deadlineMs)]);
  }

  #leave(lane: Placed, producer: PooledProducer): void {
    lane.leftProducerId = producer.id;
    this.#left.add(lane);
  }

  #seatOf(lane: Placed): ProducerSeat {
    if (lane.leftProducerId === undefined) return this.shared;
    const { current } = this.shared;
    // The producer it left has been replaced meanwhile: a lane that is well may use the new one.
    if (current === undefined || current.id === lane.leftProducerId || lane.isFailing()) return this.quarantine;
    lane.leftProducerId = undefined;
    return this.shared;
  }

  #seatHolding(producer: PooledProducer): ProducerSeat {
    return this.quarantine.producers.includes(producer) ? this.quarantine : this.shared;
  }
}

const reasonOf = (fault: DriverFault): RetireReason => {
  if (fault.kafkaError === FAULTS.unacknowledged.kafkaError) return 'unacknowledged';
  if (fault.kafkaError === FAULTS.watchdog.kafkaError) return 'watchdog';
  if (fault.kind === 'producer-broken') return 'broken';
  if (fault.outcome === 'not-sent' && fault.kind === 'client') return 'auth';
  return 'connection';
};
