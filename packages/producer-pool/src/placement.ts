/**
 * Which producer a lane uses: its own among the shared ones, by rendezvous hash, for as long as the set of producers is the same (PO-2);
 * while all slots of that one are taken, the next in its ranking that has a free one. A hash never spreads a few lanes evenly: who would
 * wait behind a neighbour while another producer idles would halve what eight producers do for 24 lanes. A lane asks before each call,
 * when nothing of it is out, so a move never overtakes a record.
 *
 * After a rejected idempotent call the client's sequence numbers of that partition are in doubt: the next batch of the same size could be
 * taken for a duplicate and be acknowledged without being written. So the *lane* never uses that producer again (LN-6). Where the fault
 * concerns the connection or the client, the producer itself is retired. Where the broker answered about one partition, topic or record,
 * only the lane leaves: its retries go through the *quarantine* producer, which every further rejection replaces, and healthy lanes keep
 * theirs. When every lane that left is well again, the quarantine producer takes the place of the one that most of them left.
 */
import { CallSlots, type CallEnd } from './call-slots.ts';
import type { DriverFault } from './driver.ts';
import { FAULTS } from './kafka-errors.ts';
import { moveProducer, type PooledProducer } from './pooled-producer.ts';
import { ProducerSeat, type SeatHost } from './producer-seat.ts';
import { ProducerSeats } from './producer-seats.ts';
import { firstOf } from './rendezvous.ts';
import { Retirement, type RetirementHost } from './retirement.ts';
import type { RetireReason } from './slot.ts';

/** What placement knows of a lane. */
export interface Placed {
  /** Of topic and partition. */
  readonly hash: number;
  /** Shared producers the lane must not use any more. */
  readonly left: Set<string>;
  /** Its producer among the shared ones, as of a state of theirs. */
  pin: Pin | undefined;
  /** True while the lane's last attempt failed. */
  isFailing(): boolean;
}

export interface Pin {
  readonly version: number;
  readonly producer: PooledProducer | undefined;
}

export type PlacementHost = Omit<SeatHost, 'onChanged' | 'retirement'> & Pick<RetirementHost, 'onKilled'>;

/** Calls without an acknowledgement for this long make a producer degraded. */
const SILENT_AFTER_MS = 10_000;

export class Placement {
  readonly seats: ProducerSeats;
  readonly quarantine: ProducerSeat;
  readonly slots: CallSlots;
  readonly #host: PlacementHost;
  readonly #retirement: Retirement;
  readonly #left = new Set<Placed>();
  readonly #keepsDoubt: boolean;
  /** Counts the changes after which a lane looks for its producer anew. */
  #version = 0;

  constructor(host: PlacementHost) {
    this.#host = host;
    const { options, counters } = host;
    this.#keepsDoubt = options.idempotent && !options.driver.capabilities.selfHeals;
    this.slots = new CallSlots(options);
    this.#retirement = new Retirement({
      options,
      counters,
      requestTick: (atMs) => {
        host.requestTick(atMs);
      },
      onKilled: (producer, how) => {
        host.onKilled(producer, how);
      },
    });
    const seatHost: SeatHost = {
      ...host,
      retirement: this.#retirement,
      nextId: () => host.nextId(),
      requestTick: (atMs) => {
        host.requestTick(atMs);
      },
      onChanged: () => {
        this.#version += 1;
      },
      onReady: () => {
        this.seats.fill(false);
        host.onReady();
      },
    };
    this.quarantine = new ProducerSeat(seatHost);
    this.seats = new ProducerSeats(seatHost);
  }

  /** Every producer that is not dead. */
  get producers(): readonly PooledProducer[] {
    const { current } = this.quarantine;
    return [
      ...this.seats.producers(),
      ...this.seats.spareProducers(),
      ...(current === undefined ? [] : [current]),
      ...this.#retirement.producers,
    ];
  }

  /** Producers that are being opened. */
  get opening(): number {
    return this.seats.opening + Number(this.quarantine.isOpening);
  }

  /** A producer with a free slot for this broker, or undefined: one is on its way then, or a call will end. */
  take(lane: Placed, broker: number): PooledProducer | undefined {
    const own = this.#producerOf(lane);
    if (own === undefined) return undefined;
    const nowMs = this.#now();
    const producer = this.slots.hasRoom(own, broker) ? own : this.#another(lane, own, broker);
    if (producer === undefined) return undefined;
    this.slots.take(producer, broker, nowMs);
    if (producer.calls === 1) producer.waitingSinceMs = nowMs;
    this.#host.requestTick(producer.waitingSinceMs + SILENT_AFTER_MS);
    return producer;
  }

  /** Gives the slot of an ended call back. */
  release(producer: PooledProducer, broker: number, how: CallEnd): void {
    this.slots.release(producer, { broker, how, nowMs: this.#now() });
    this.#retirement.callEnded(producer);
  }

  acked(producer: PooledProducer): void {
    producer.waitingSinceMs = this.#now();
    this.#move(producer, 'acked');
    this.#seatOf(producer)?.acked(producer);
  }

  /** A call of the lane on this producer failed. */
  faulted(lane: Placed, producer: PooledProducer, fault: DriverFault): void {
    this.#move(producer, 'faulted');
    // Undefined once it is retired: killed, for instance.
    const seat = this.#seatOf(producer);
    const reason = reasonOf(fault);
    const broken = fault.kind === 'producer-broken' || reason === 'auth';
    if (seat === undefined || (!broken && !this.#keepsDoubt)) return;
    const answered = fault.scope === 'lane' || fault.scope === 'topic' || fault.scope === 'record';
    if (broken || !answered) seat.retire(reason, false);
    else if (seat === this.quarantine) seat.retire('rejected', true);
    else this.#leave(lane, producer);
    this.seats.fill(false);
  }

  /** Ends the quarantine when every lane in it is well again; called after each answer. */
  review(): void {
    for (const lane of this.#left) if (lane.left.size === 0) this.#left.delete(lane);
    if (this.quarantine.current === undefined) return;
    for (const lane of this.#left) if (lane.isFailing()) return;
    const seat = this.seats.mostLeft([...this.#left].map(({ left }) => left));
    const id = seat?.current?.id;
    if (seat === undefined || id === undefined) this.quarantine.retire('unused', true);
    else {
      seat.adopt(this.quarantine, 'recovered');
      for (const lane of this.#left) lane.left.delete(id);
    }
  }

  forget(lane: Placed): void {
    this.#left.delete(lane);
  }

  /** Replaces every producer, one after the other; resolves with what could not be replaced. */
  async recycle(why: string): Promise<readonly Error[]> {
    const failed = [...(await this.seats.recycle(why))];
    if (this.quarantine.current !== undefined) {
      const opened = await this.quarantine.recycle(why);
      if (opened !== undefined && opened.type !== 'done') failed.push(opened.error);
    }
    return failed;
  }

  dueAtMs(): number {
    let due = Math.min(this.seats.dueAtMs(), this.quarantine.dueAtMs(), this.#retirement.dueAtMs());
    for (const producer of this.producers)
      if (producer.calls > 0 && producer.slot.state === 'ready')
        due = Math.min(due, producer.waitingSinceMs + SILENT_AFTER_MS);
    return due;
  }

  tick(nowMs: number): void {
    this.seats.tick(nowMs);
    this.quarantine.tick(nowMs);
    this.#retirement.tick(nowMs);
    for (const producer of this.producers)
      if (producer.calls > 0 && nowMs >= producer.waitingSinceMs + SILENT_AFTER_MS) this.#move(producer, 'silent');
    this.seats.fill(false);
  }

  /** The probe of an idle pool has been answered, or not. */
  probed(answered: boolean): void {
    for (const producer of this.seats.producers()) this.#move(producer, answered ? 'acked' : 'faulted');
  }

  kill(producer: PooledProducer): void {
    this.#seatOf(producer)?.retire('watchdog', false);
    void this.#retirement.kill(producer, 'watchdog');
  }

  async close(deadlineMs: number): Promise<void> {
    this.#retirement.beginClose();
    await Promise.all([this.seats.close(), this.quarantine.close('closed')]);
    await this.#retirement.close(deadlineMs);
  }

  #now(): number {
    return this.#host.options.clock.now();
  }

  #move(producer: PooledProducer, event: 'acked' | 'faulted' | 'silent'): void {
    if (moveProducer(producer, event)) this.#version += 1;
  }

  #leave(lane: Placed, producer: PooledProducer): void {
    lane.left.add(producer.id);
    lane.pin = undefined;
    this.#left.add(lane);
  }

  #producerOf(lane: Placed): PooledProducer | undefined {
    const mayShare = lane.left.size === 0 || !lane.isFailing();
    const producer = mayShare ? this.#pinned(lane) : undefined;
    if (producer !== undefined) return producer;
    if (lane.left.size === 0) this.seats.fill(true);
    else if (this.quarantine.current === undefined) this.quarantine.want(true);
    else return this.quarantine.current;
    return undefined;
  }

  /** The shared producer of the lane: a degraded one keeps its lanes and gets no new ones (PO-6). */
  #pinned(lane: Placed): PooledProducer | undefined {
    if (lane.pin?.version === this.#version) return lane.pin.producer;
    const before = lane.pin?.producer;
    const all = this.seats.producers();
    for (const id of lane.left) if (all.every((one) => one.id !== id)) lane.left.delete(id);
    const usable = all.filter(({ id }) => !lane.left.has(id));
    const well = usable.filter((one) => one.slot.state === 'ready' || one === before);
    const producer = firstOf(lane.hash, well.length > 0 ? well : usable);
    lane.pin = { version: this.#version, producer };
    return producer;
  }

  /** A well producer with room for a lane whose own has none; not for one that is in quarantine. */
  #another(lane: Placed, own: PooledProducer, broker: number): PooledProducer | undefined {
    if (own === this.quarantine.current) return undefined;
    const free = this.seats
      .producers()
      .filter((one) => one.slot.state === 'ready' && !lane.left.has(one.id) && this.slots.hasRoom(one, broker));
    return firstOf(lane.hash, free);
  }

  #seatOf(producer: PooledProducer): ProducerSeat | undefined {
    return this.quarantine.current === producer ? this.quarantine : this.seats.holding(producer);
  }
}

const reasonOf = (fault: DriverFault): RetireReason => {
  if (fault.kafkaError === FAULTS.unacknowledged.kafkaError) return 'unacknowledged';
  if (fault.kind === 'producer-broken') return 'broken';
  if (fault.outcome === 'not-sent' && fault.kind === 'client') return 'auth';
  return 'connection';
};
