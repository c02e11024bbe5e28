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
  readonly preparedAtMs: number;
  /** How it is sent from now on. */
  plan: StatementPlan;
}

const NOTHING: readonly string[] = Object.freeze([]);
const UNNAMED: StatementPlan = Object.freeze({ name: '', parse: true, shape: undefined });

export class StatementCache {
  readonly #limits: StatementCacheLimits;
  readonly #counters: StatementCounters;
  /** In the order of their last use. */
  readonly #prepared = new Map<string, Prepared>();
  /** The last one of them: a statement that is repeated need not be moved. */
  #latest: string | undefined;
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
  plan(text: string, prefix: string | undefined, nowMs: number): StatementPlan {
    const { cacheSize, ttlMs } = this.#limits;
    if (prefix === undefined || cacheSize === 0) return UNNAMED;
    const known = this.#prepared.get(text);
    if (known !== undefined && (ttlMs === 0 || nowMs - known.preparedAtMs < ttlMs)) {
      this.#touch(text, known);
      this.#counters.hits += 1;
      return known.plan;
    }
    if (known !== undefined) this.forget(text);
    this.#counters.misses += 1;
    this.#evict();
    this.#serial += 1;
    const name = `${prefix}_${this.#serial}`;
    this.#touch(text, { preparedAtMs: nowMs, plan: { name, parse: false, shape: undefined } });
    return { name, parse: true, shape: undefined };
  }

  /** The columns of a text that has a name. */
  learn(text: string, shape: RowShape): void {
    const known = this.#prepared.get(text);
    if (known !== undefined) known.plan = { name: known.plan.name, parse: false, shape };
  }

  /** The names that the group which is sent now has to close first. */
  takeClosing(): readonly string[] {
    if (this.#closing.length === 0) return NOTHING;
    const closing = this.#closing;
    this.#closing = [];
    return closing;
  }

  /** A text must not be used by its name any more: its Parse may have failed, or the server does not know the name, or refuses its plan. */
  forget(text: string): void {
    const known = this.#prepared.get(text);
    if (known === undefined) return;
    this.#prepared.delete(text);
    this.#closing.push(known.plan.name);
    if (this.#latest === text) this.#latest = undefined;
  }

  /** The session has dropped all of them: DISCARD, DEALLOCATE. */
  clear(): void {
    this.#prepared.clear();
    this.#latest = undefined;
    this.#closing = [];
  }

  /** Behind all others. */
  #touch(text: string, prepared: Prepared): void {
    if (this.#latest === text) return;
    this.#latest = text;
    this.#prepared.delete(text);
    this.#prepared.set(text, prepared);
  }

  #evict(): void {
    for (const text of this.#prepared.keys()) {
      if (this.#prepared.size < this.#limits.cacheSize) return;
      this.forget(text);
      this.#counters.evicted += 1;
    }
  }
}
