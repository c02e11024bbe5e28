/**
 * How much may be in memory, and who waits when it is full.
 *
 * A record is charged when it is admitted and released when its lane lets it go. It needs room in the share of its lane first, so that
 * one dead partition cannot take the whole buffer, and then in the whole. Both waits are first come, first served: a record never
 * overtakes an earlier one of its lane, and lanes take turns for the whole.
 *
 * Invariants: bytes and records never exceed a limit at any step; a lane is at most once in the line for the whole, with its first waiter.
 */
export interface BufferLimits {
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly maxLaneBytes: number;
  readonly maxLaneRecords: number;
}

/** What one lane has taken, and who waits for more. */
export interface LaneShare {
  bytes: number;
  records: number;
  readonly waiters: Waiter[];
  inLine: boolean;
}

export interface Waiter {
  readonly share: LaneShare;
  readonly bytes: number;
  /** Called once, synchronously, when there is room: the record is charged by then. */
  readonly admit: () => void;
}

export const createShare = (): LaneShare => ({ bytes: 0, records: 0, waiters: [], inLine: false });

export class RecordBuffer {
  readonly limits: BufferLimits;
  #bytes = 0;
  #records = 0;
  /** First waiters of their lanes that fit the lane's share and wait for the whole. */
  readonly #line: Waiter[] = [];
  #serving = false;

  constructor(limits: BufferLimits) {
    this.limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get records(): number {
    return this.#records;
  }

  /** Charges a record if there is room for it and nobody waits before it. */
  tryAdmit(share: LaneShare, bytes: number): boolean {
    if (share.waiters.length > 0 || this.#line.length > 0 || !this.fitsLane(share, bytes) || !this.#fitsWhole(bytes))
      return false;
    this.#charge(share, bytes);
    return true;
  }

  /** The record has room in the share of its lane; the whole may be full all the same. */
  fitsLane(share: LaneShare, bytes: number): boolean {
    return share.bytes + bytes <= this.limits.maxLaneBytes && share.records < this.limits.maxLaneRecords;
  }

  /** Puts a record into the line; it may be admitted before this returns. */
  wait(waiter: Waiter): void {
    waiter.share.waiters.push(waiter);
    this.#serve(waiter.share);
  }

  /** Takes a waiter out of the line, if it is still in one. */
  cancel(waiter: Waiter): void {
    const { share } = waiter;
    const index = share.waiters.indexOf(waiter);
    if (index < 0) return;
    share.waiters.splice(index, 1);
    if (index === 0) this.#leaveLine(share);
    this.#serve(share);
  }

  /** Takes everybody out of the line of a lane, first come first. */
  takeWaiters(share: LaneShare): readonly Waiter[] {
    this.#leaveLine(share);
    return share.waiters.splice(0);
  }

  /** Gives the room of so many records, with all their bytes, back and admits who fits now. */
  release(share: LaneShare, bytes: number, records = 1): void {
    share.bytes -= bytes;
    share.records -= records;
    this.#bytes -= bytes;
    this.#records -= records;
    if (share.waiters.length > 0 || this.#line.length > 0) this.#serve(share);
  }

  /** Moves the charge of one record to another lane: its partition has become known. */
  move(from: LaneShare, to: LaneShare, bytes: number): void {
    from.bytes -= bytes;
    from.records -= 1;
    to.bytes += bytes;
    to.records += 1;
  }

  #fitsWhole(bytes: number): boolean {
    return this.#bytes + bytes <= this.limits.maxBytes && this.#records < this.limits.maxRecords;
  }

  #charge(share: LaneShare, bytes: number): void {
    share.bytes += bytes;
    share.records += 1;
    this.#bytes += bytes;
    this.#records += 1;
  }

  #leaveLine(share: LaneShare): void {
    if (!share.inLine) return;
    share.inLine = false;
    this.#line.splice(
      this.#line.findIndex((first) => first.share === share),
      1,
    );
  }

  #joinLine(share: LaneShare): void {
    const [first] = share.waiters;
    if (share.inLine || first === undefined || !this.fitsLane(share, first.bytes)) return;
    share.inLine = true;
    this.#line.push(first);
  }

  /** Admits from the line while the first fits. Admitting may publish or settle more: the outer loop goes on with that. */
  #serve(changed: LaneShare): void {
    this.#joinLine(changed);
    if (this.#serving) return;
    this.#serving = true;
    for (let first = this.#line[0]; first !== undefined && this.#fitsWhole(first.bytes); first = this.#line[0]) {
      const { share } = first;
      this.#leaveLine(share);
      if (!this.fitsLane(share, first.bytes)) continue;
      share.waiters.shift();
      this.#charge(share, first.bytes);
      this.#joinLine(share);
      first.admit();
    }
    this.#serving = false;
  }
}
