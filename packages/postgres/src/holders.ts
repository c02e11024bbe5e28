/**
 * Who holds a connection, since when, and where he took it: what is told when a pool is full, and how a leak is found.
 *
 * Invariants: a connection has at most one hold; a hold is found to be a leak at most once; `leaked` counts those that are held now. Only
 * holds whose length the caller's own code decides (`lease`, `tx`) are watched: a query ends with its statement, which has a deadline.
 */
import type { Clock } from '@busbar/retry';

import { publish } from './diagnostics.ts';
import { SWEEP_MS, type Housekeeper, type Sweepable } from './housekeeper.ts';
import { StackSampling, type ResolvedLeak } from './leak.ts';
import type { Slot } from './lease-model.ts';
import type { Counters } from './stats.ts';

/** Where a connection was taken. Its text is made only when it is looked at. */
export interface Trace {
  readonly stack?: string;
}

export interface Hold {
  readonly slot: Slot;
  readonly sinceMs: number;
  readonly label: string | undefined;
  readonly trace: Trace | undefined;
  readonly watched: boolean;
}

/** What a holder holds. */
export interface Holdable {
  readonly busy: boolean;
  /** What runs on it waits for its holder. */
  readonly isIdle?: boolean;
  readonly use: { leasedMs: number };
  /** Who holds it; kept here, so that neither taking nor giving back looks it up. */
  hold: Held | undefined;
}

export interface Held extends Hold {
  /** How long it was held, once it is over. */
  useMs: number;
  isLeak: boolean;
}

export interface HolderReport {
  readonly label: string;
  readonly heldMs: number;
  /** Where it was taken, if its stack was. See `leak.stack`. */
  readonly stack?: string;
}

export interface HoldersContext<C> {
  readonly pool: string;
  readonly clock: Clock;
  readonly housekeeper: Housekeeper;
  readonly counters: Pick<Counters, 'leaks' | 'leasedMs' | 'useMs'>;
  readonly leak: ResolvedLeak;
  /** All that may be held. */
  connections(): Iterable<C>;
  /** It has been held for `leak.reclaimAfterMs`, and nothing runs on it. */
  reclaim(connection: C): void;
}

const NEVER = Number.POSITIVE_INFINITY;
const stackOf = (trace: Trace | undefined): { readonly stack?: string } =>
  trace?.stack === undefined ? {} : { stack: trace.stack };

const reportOf = ({ label, sinceMs, trace }: Held, nowMs: number): HolderReport => ({
  label: label ?? 'unlabeled',
  heldMs: nowMs - sinceMs,
  ...stackOf(trace),
});

export class Holders<C extends Holdable> {
  readonly #context: HoldersContext<C>;
  readonly #sampling: StackSampling;
  readonly #sweep: Sweepable = { dueAtMs: NEVER, onDue: (nowMs) => this.#look(nowMs) };
  #leaked = 0;

  constructor(context: HoldersContext<C>) {
    this.#context = context;
    this.#sampling = new StackSampling(context.leak.stack);
  }

  /** Leaks that are held now. */
  get leaked(): number {
    return this.#leaked;
  }

  /** The caller's stack, where it is worth its cost. */
  trace(label: string | undefined, waiting: number, nowMs: number): Trace | undefined {
    if (!this.#sampling.wants(label, waiting, nowMs)) return undefined;
    const trace: Trace = {};
    Error.captureStackTrace(trace);
    return trace;
  }

  begin(connection: C, { slot, sinceMs, label, trace, watched }: Hold): void {
    connection.hold = { slot, sinceMs, label, trace, watched, useMs: 0, isLeak: false };
    if (!watched) return;
    const dueAtMs = sinceMs + this.#context.leak.warnAfterMs / 2;
    if (this.#sweep.dueAtMs <= dueAtMs) return;
    this.#sweep.dueAtMs = dueAtMs;
    this.#context.housekeeper.add(this.#sweep);
  }

  /** The holder has given it back; nothing where he held it no more. */
  giveBack(connection: C, nowMs: number): Hold | undefined {
    const held = this.#end(connection, nowMs);
    if (held?.isLeak === true)
      publish('leak-cleared', () => ({ pool: this.#context.pool, label: held.label, heldMs: held.useMs }));
    return held;
  }

  /** The connection was taken from its holder, or has ended under him. */
  lose(connection: C): Hold | undefined {
    return this.#end(connection, this.#context.clock.now());
  }

  /** Who holds a connection, the longest first. */
  reports(): HolderReport[] {
    const nowMs = this.#context.clock.now();
    const reports = this.#held().map(({ hold }) => reportOf(hold, nowMs));
    return reports.toSorted((a, b) => b.heldMs - a.heldMs);
  }

  /** No connection is open: nothing is to be watched. */
  rest(): void {
    this.#sweep.dueAtMs = NEVER;
    this.#context.housekeeper.delete(this.#sweep);
  }

  #held(): { readonly connection: C; readonly hold: Held }[] {
    return Array.from(this.#context.connections()).flatMap((connection) =>
      connection.hold === undefined ? [] : [{ connection, hold: connection.hold }],
    );
  }

  #end(connection: C, nowMs: number): Held | undefined {
    const held = connection.hold;
    if (held === undefined) return undefined;
    connection.hold = undefined;
    if (held.isLeak) this.#leaked -= 1;
    const { pool, counters } = this.#context;
    const { label } = held;
    const useMs = nowMs - held.sinceMs;
    held.useMs = useMs;
    connection.use.leasedMs += useMs;
    counters.leasedMs += useMs;
    counters.useMs.record(useMs);
    publish('release', () => ({ pool, label, useMs }));
    return held;
  }

  #look(nowMs: number): void {
    let nextAtMs = NEVER;
    for (const { connection, hold } of this.#held())
      if (hold.watched) nextAtMs = Math.min(nextAtMs, this.#judge(connection, hold, nowMs));
    this.#sweep.dueAtMs = nextAtMs;
    if (nextAtMs === NEVER) this.#context.housekeeper.delete(this.#sweep);
  }

  /** Acts on one hold, and says when it is to be looked at again. */
  #judge(connection: C, held: Held, nowMs: number): number {
    const { warnAfterMs, reclaimAfterMs } = this.#context.leak;
    const { sinceMs, label } = held;
    const heldMs = nowMs - sinceMs;
    if (heldMs < warnAfterMs / 2) return sinceMs + warnAfterMs / 2;
    this.#sampling.suspect(label);
    if (heldMs < warnAfterMs) return sinceMs + warnAfterMs;
    if (!held.isLeak) this.#warn(held, heldMs);
    if (reclaimAfterMs === 0) return NEVER;
    if (heldMs < reclaimAfterMs) return sinceMs + reclaimAfterMs;
    if (connection.busy && connection.isIdle !== true) return nowMs + SWEEP_MS; // its statement has a deadline of its own, and may be a COMMIT
    this.#context.reclaim(connection);
    return NEVER;
  }

  #warn(held: Held, heldMs: number): void {
    held.isLeak = true;
    this.#leaked += 1;
    this.#context.counters.leaks += 1;
    const { label, trace } = held;
    publish('leak', () => ({ pool: this.#context.pool, label, heldMs, ...stackOf(trace) }));
  }
}
