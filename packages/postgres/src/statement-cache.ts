/**
 * The prepared statements of one connection: which text has which name on the server. Pure: it is told what to send and hears what became of it.
 *
 * Invariants: a name is given to one text and never again, so a belief that is wrong meets an error (26000), never another statement. At most `size`
 * texts have a name, those of the group that is being planned included. Each name that is given up is closed by a later group before its own
 * statements, without a Sync of its own, whose answer would be booked on another group (H27). A text whose Parse did not surely succeed has no name.
 * The columns of a name never change: the server refuses it (0A000, `RevalidateCachedQuery`) once they would, so they are asked for once.
 *
 *   unknown ──use──► parsing ──its statement completed──► prepared ──evicted, too old, out of date──► closing ──next group──► closed
 *                       └──its statement did not complete──────────────────────────────────────────────►┘
 */
import type { RowShape } from './row-decoder.ts';

export interface StatementCacheLimits {
  /** 0 = nothing is prepared. */
  readonly cacheSize: number;
  /** 0 = for ever. */
  readonly ttlMs: number;
}

/** Sums over all connections of a pool. */
export interface StatementCounters {
  /** Statements that ran by a name they had. */
  hits: number;
  /** Statements that had to be prepared. */
  misses: number;
  /** Names given up for want of room. */
  evicted: number;
  /** Statements prepared again because the schema had changed, or the session had lost them. */
  reprepared: number;
}

/** How one statement is to be sent. */
export interface StatementPlan {
  /** Empty = without a name. */
  readonly name: string;
  /** Whether Parse has to be sent. */
  readonly parse: boolean;
  /** Its columns, if they are known: Describe need not be sent. */
  readonly shape?: RowShape | undefined;
}

interface Prepared {
  readonly name: string;
  readonly preparedAtMs: number;
  shape: RowShape | undefined;
}

const UNNAMED: StatementPlan = Object.freeze({ name: '', parse: true });

export class StatementCache {
  readonly #limits: StatementCacheLimits;
  readonly #counters: StatementCounters;
  /** In the order of their last use. */
  readonly #prepared = new Map<string, Prepared>();
  #closing: string[] = [];
  #serial = 0;

  constructor(limits: StatementCacheLimits, counters: StatementCounters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  get size(): number {
    return this.#prepared.size;
  }

  /** The name for a text in the next group. `prefix` begins a new name. */
  plan(text: string, o: { readonly prefix: string | undefined; readonly nowMs: number }): StatementPlan {
    const { cacheSize, ttlMs } = this.#limits;
    if (o.prefix === undefined || cacheSize === 0) return UNNAMED;
    const known = this.#prepared.get(text);
    this.#prepared.delete(text);
    if (known !== undefined && (ttlMs === 0 || o.nowMs - known.preparedAtMs < ttlMs)) {
      this.#prepared.set(text, known);
      this.#counters.hits += 1;
      return { name: known.name, parse: false, shape: known.shape };
    }
    if (known !== undefined) this.#closing.push(known.name);
    this.#counters.misses += 1;
    this.#evict();
    this.#serial += 1;
    const name = `${o.prefix}_${this.#serial}`;
    this.#prepared.set(text, { name, preparedAtMs: o.nowMs, shape: undefined });
    return { name, parse: true };
  }

  /** The columns of a text that has a name. */
  learn(text: string, shape: RowShape): void {
    const known = this.#prepared.get(text);
    if (known !== undefined) known.shape = shape;
  }

  /** The names that the group which is sent now has to close first. */
  takeClosing(): readonly string[] {
    const closing = this.#closing;
    this.#closing = [];
    return closing;
  }

  /** A text must not be used by its name any more: its Parse may have failed, or the server does not know the name, or refuses its plan. */
  forget(text: string): void {
    const known = this.#prepared.get(text);
    if (known === undefined) return;
    this.#prepared.delete(text);
    this.#closing.push(known.name);
  }

  /** The session has dropped all of them: DISCARD, DEALLOCATE. */
  clear(): void {
    this.#prepared.clear();
    this.#closing = [];
  }

  #evict(): void {
    for (const [text, { name }] of this.#prepared) {
      if (this.#prepared.size < this.#limits.cacheSize) return;
      this.#prepared.delete(text);
      this.#closing.push(name);
      this.#counters.evicted += 1;
    }
  }
}
