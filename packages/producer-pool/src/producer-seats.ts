/**
 * The seats of the shared producers and of the spares: opened, filled, replaced, added and removed.
 *
 * While no shared producer is connected only one seat tries: an outage must not multiply connections. The others follow when it is there.
 * A spare takes an empty seat at once and is then replaced itself.
 */
import type { PooledProducer } from './pooled-producer.ts';
import { ProducerSeat, type SeatHost } from './producer-seat.ts';
import type { RetireReason } from './slot.ts';

export class ProducerSeats {
  readonly #host: SeatHost;
  readonly #seats: ProducerSeat[] = [];
  readonly #spares: ProducerSeat[] = [];

  constructor(host: SeatHost) {
    this.#host = host;
    const { min, spares } = host.options.pool;
    this.#add(min);
    for (let spare = 0; spare < spares; spare += 1) this.#spares.push(new ProducerSeat(host));
  }

  /** Producers there should be. */
  get size(): number {
    return this.#seats.length;
  }

  get spares(): number {
    return this.#spares.length;
  }

  get opening(): number {
    return [...this.#seats, ...this.#spares].filter(({ isOpening }) => isOpening).length;
  }

  /** A shared producer connects or is missing. */
  get isSettling(): boolean {
    return this.#seats.some(({ isOpening, current }) => isOpening || current === undefined);
  }

  get isConnected(): boolean {
    return this.#seats.some(({ current }) => current !== undefined);
  }

  /** The shared producers; spares are none. */
  producers(): readonly PooledProducer[] {
    return this.#currentOf(this.#seats);
  }

  /** Connected producers without lanes. */
  spareProducers(): readonly PooledProducer[] {
    return this.#currentOf(this.#spares);
  }

  holding(producer: PooledProducer): ProducerSeat | undefined {
    return this.#seats.find(({ current }) => current === producer);
  }

  /** The seat whose producer most of these lanes have left. */
  mostLeft(lanes: readonly ReadonlySet<string>[]): ProducerSeat | undefined {
    let most: ProducerSeat | undefined;
    let highest = 0;
    for (const seat of this.#seats) {
      const { current } = seat;
      const count = current === undefined ? 0 : lanes.filter((left) => left.has(current.id)).length;
      if (count <= highest) continue;
      highest = count;
      most = seat;
    }
    return most;
  }

  /** Opens what is missing, as far as it may be opened now. `eager`: a guard that refused is asked again at once. */
  fill(eager: boolean): void {
    for (const seat of this.#seats) {
      const spare = seat.current === undefined && this.#spares.find(({ current }) => current !== undefined);
      if (spare) seat.adopt(spare, 'recovered');
    }
    const [first] = this.#seats;
    if (!this.isConnected) {
      if (!this.#seats.some(({ isOpening }) => isOpening)) first?.want(eager);
      return;
    }
    for (const seat of this.#seats) seat.want(eager);
    for (const spare of this.#spares) spare.want(false);
  }

  /** Adds or removes seats until there are `size`. */
  resize(size: number, reason: RetireReason): void {
    this.#add(size - this.#seats.length);
    for (const seat of this.#leastUseful(this.#seats.length - size)) this.#remove(seat, reason);
    this.fill(false);
  }

  /** Removes seats above `least` whose producers have had no call since `sinceMs`. */
  reap(least: number, sinceMs: number): number {
    const before = this.#seats.length;
    const idle = this.#seats.filter(({ current }) => current?.calls === 0 && current.lastUsedMs <= sinceMs);
    for (const seat of idle) if (this.#seats.length > least) this.#remove(seat, 'idle');
    return before - this.#seats.length;
  }

  /** Replaces every producer, one after the other; resolves with what could not be replaced. */
  async recycle(why: string): Promise<readonly Error[]> {
    const failed: Error[] = [];
    for (const seat of [...this.#seats, ...this.#spares]) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time: never twice the connections
      const opened = await seat.recycle(why);
      if (opened !== undefined && opened.type !== 'done') failed.push(opened.error);
    }
    return failed;
  }

  dueAtMs(): number {
    return Math.min(...[...this.#seats, ...this.#spares].map((seat) => seat.dueAtMs()));
  }

  tick(nowMs: number): void {
    for (const seat of [...this.#seats, ...this.#spares]) seat.tick(nowMs);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#seats, ...this.#spares].map((seat) => seat.close('closed')));
  }

  #currentOf(seats: readonly ProducerSeat[]): readonly PooledProducer[] {
    return seats.flatMap(({ current }) => current ?? []);
  }

  #add(count: number): void {
    for (let added = 0; added < count; added += 1) this.#seats.push(new ProducerSeat(this.#host));
  }

  /** Those without a producer first, then those that are degraded, then the youngest. */
  #leastUseful(count: number): readonly ProducerSeat[] {
    const use = ({ current }: ProducerSeat): number =>
      current === undefined ? 0 : 1 + Number(current.slot.state === 'ready');
    return this.#seats
      .toReversed()
      .toSorted((a, b) => use(a) - use(b))
      .slice(0, Math.max(0, count));
  }

  #remove(seat: ProducerSeat, reason: RetireReason): void {
    this.#seats.splice(this.#seats.indexOf(seat), 1);
    void seat.close(reason);
  }
}
