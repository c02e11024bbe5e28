/** An acknowledgement within this time shows that the broker is well. */
const RECENT_MS = 10_000;

interface Acked {
  readonly lane: object;
  readonly atMs: number;
}

/**
 * Whether others are getting through while one lane fails (LN-9): the fault is then the lane's own. Two entries are enough: the last
 * acknowledgement, and the last one of a different lane.
 */
export class RecentAcks {
  #last: Acked | undefined;
  #other: Acked | undefined;

  add(lane: object, atMs: number): void {
    if (this.#last?.lane !== lane) this.#other = this.#last;
    this.#last = { lane, atMs };
  }

  /** True if a lane other than this one was acknowledged a short while ago. */
  ofOthers(lane: object, nowMs: number): boolean {
    const other = this.#last?.lane === lane ? this.#other : this.#last;
    return other !== undefined && nowMs - other.atMs <= RECENT_MS;
  }
}
