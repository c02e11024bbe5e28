import type { KeyOrder } from './key-order.ts';
import { type ClaimedRow, unitOf } from './record.ts';
import type { PoisonAction } from './relay-protocol.ts';

/**
 * Pure: the pass over one claim. It decides for each row, in `seq` order, whether it is sent now; O1–O4 of `key-order.ts` say why not.
 */
export interface PickLimits {
  readonly nowMs: number;
  readonly records: number;
  readonly bytes: number;
  /** Faults of an event at which it is not sent any more, and what happens to it then. */
  readonly maxAttempts: number;
  readonly poison: PoisonAction;
  /** One record of a key per call, for a publisher without P2. */
  readonly onePerKey: boolean;
  /** The shard is leased, long enough for a send, and not to be given up. */
  readonly sendable: (shard: number) => boolean;
}

export interface Picked {
  readonly send: readonly ClaimedRow[];
  /** Head rows of their keys that have used up their attempts, to be parked. */
  readonly exhausted: readonly ClaimedRow[];
  /** Keys whose head row has used up its attempts and stays. */
  readonly halted: number;
  /** Rows read and not sent, other than held ones. */
  readonly dropped: number;
  /** Those of them that only time or an outcome can free, by shard: the next claim reaches past them. */
  readonly hidden: ReadonlyMap<number, number>;
  readonly hiddenBytes: number;
  /** Something was left behind that the end of a call or of an ACK may free. */
  readonly waiting: boolean;
}

/** `delivered` is passed over (O4); every other one but `send` takes the key out of the pass (O2). */
type Verdict = 'send' | 'delivered' | 'held' | 'exhausted' | 'halted' | 'wait' | 'full';

class Pass {
  readonly #order: KeyOrder;
  readonly #limits: PickLimits;
  readonly #send: ClaimedRow[] = [];
  readonly #exhausted: ClaimedRow[] = [];
  readonly #hidden = new Map<number, number>();
  /** Keys that are out of the pass, and why. */
  readonly #skipped = new Map<string, Verdict>();
  readonly #sending = new Set<string>();
  #bytes = 0;
  #hiddenBytes = 0;
  #dropped = 0;
  #halted = 0;
  #waiting = false;

  constructor(order: KeyOrder, limits: PickLimits) {
    this.#order = order;
    this.#limits = limits;
  }

  take(row: ClaimedRow): void {
    const unit = unitOf(row);
    const verdict = this.#verdict(row, unit);
    if (verdict === 'send') this.#sendNow(row, unit);
    else if (verdict !== 'delivered') this.#leave(row, unit, verdict);
  }

  picked(): Picked {
    return {
      send: this.#send,
      exhausted: this.#exhausted,
      halted: this.#halted,
      dropped: this.#dropped,
      hidden: this.#hidden,
      hiddenBytes: this.#hiddenBytes,
      waiting: this.#waiting,
    };
  }

  #verdict(row: ClaimedRow, unit: string): Verdict {
    const held = this.#order.held.get(row.seq);
    if (held !== undefined) {
      // The same seq with another id is another event: the sequence went back after a failover. It waits for its namesake.
      return held.phase === 'delivered' && held.row.record.id === row.record.id ? 'delivered' : 'held';
    }
    const cause = this.#skipped.get(unit);
    if (cause !== undefined) return cause === 'full' ? 'full' : 'wait';
    if (!this.#limits.sendable(row.shard) || !this.#isFree(unit)) return 'wait';
    return row.attempts >= this.#limits.maxAttempts ? this.#verdictOfPoison(unit) : this.#verdictOfHead(row);
  }

  #verdictOfPoison(unit: string): Verdict {
    if (this.#limits.poison === 'halt-key') return 'halted';
    if (this.#sending.has(unit)) return 'wait';
    return this.#hasRoom() ? 'exhausted' : 'full';
  }

  #verdictOfHead(row: ClaimedRow): Verdict {
    const topic = this.#order.topics.get(row.record.topic);
    if (row.waitMs > 0 || (topic !== undefined && topic.untilMs > this.#limits.nowMs)) return 'wait';
    // A row that is larger than what is left goes alone, when nothing else is in hand.
    const alone = this.#send.length === 0 && this.#order.held.size === 0;
    return this.#hasRoom() && (alone || this.#bytes + row.bytes <= this.#limits.bytes) ? 'send' : 'full';
  }

  #isFree(unit: string): boolean {
    const key = this.#order.keys.get(unit);
    return key === undefined || (key.state === 'blocked' && key.untilMs <= this.#limits.nowMs);
  }

  #hasRoom(): boolean {
    return this.#send.length + this.#exhausted.length < this.#limits.records;
  }

  #sendNow(row: ClaimedRow, unit: string): void {
    this.#send.push(row);
    this.#sending.add(unit);
    this.#bytes += row.bytes;
    if (this.#limits.onePerKey) this.#skipped.set(unit, 'full');
  }

  #leave(row: ClaimedRow, unit: string, verdict: Verdict): void {
    if (!this.#skipped.has(unit)) this.#skipped.set(unit, verdict);
    this.#waiting ||= verdict === 'held' || verdict === 'full' || this.#order.keys.get(unit)?.state === 'in-flight';
    if (verdict === 'held') return;
    this.#dropped += 1;
    if (verdict === 'exhausted') this.#exhausted.push(row);
    if (verdict === 'halted') this.#halted += 1;
    if (verdict === 'full') return;
    this.#hidden.set(row.shard, (this.#hidden.get(row.shard) ?? 0) + 1);
    this.#hiddenBytes += row.bytes;
  }
}

/** Chooses what to send from one claim, whose rows are in `seq` order. */
export const pickRows = (order: KeyOrder, rows: readonly ClaimedRow[], limits: PickLimits): Picked => {
  const pass = new Pass(order, limits);
  for (const row of rows) pass.take(row);
  return pass.picked();
};
