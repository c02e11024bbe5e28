/** The shell of `lease-state.ts`: calls become events, effects become grants, refusals and the life of connections. */
import type { Connection } from './connection.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import { Holders, type Hold, type HolderReport, type Trace } from './holders.ts';
import { alarm, Housekeeper, type Sweepable } from './housekeeper.ts';
import {
  createLeaseState,
  type LeaseEffect,
  type LeaseEvent,
  type LeasePoolState,
  type RetireReason,
} from './lease-model.ts';
import { Refusals, type AcquireRequest } from './lease-refusals.ts';
import { step } from './lease-state.ts';
import type { ConnectionRecord } from './lifecycle.ts';
import type { ConnectionSource } from './open-attempt.ts';
import type { Queryable } from './queries.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import { ROLLBACK_TIMEOUT_MS, SlotLife } from './slot-life.ts';
import { sqlStateOf } from './sqlstate.ts';
import type { Counters } from './stats.ts';
import { isReadOnlyPrimary } from './targets.ts';

const NEVER = Number.POSITIVE_INFINITY;
const FAILOVER_PAUSE_MS = 1_000;

interface Waiting {
  readonly request: AcquireRequest;
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: PostgresError) => void;
  readonly onAbort: () => void;
  readonly trace: Trace | undefined;
  /** No connection was free at once. */
  parked: boolean;
}

export interface LeaseCloseReport {
  readonly waitersRejected: number;
  readonly leasesFinished: number;
  readonly canceled: number;
  readonly destroyed: number;
  /** Who still held a lease at the deadline. */
  readonly leaked: readonly HolderReport[];
}

export class LeasePool {
  readonly state: LeasePoolState;
  readonly #options: ResolvedPostgresOptions;
  readonly #counters: Counters;
  readonly #onRecycle: () => void;
  readonly #housekeeper: Housekeeper;
  readonly #slots: SlotLife;
  readonly #refusals: Refusals;
  readonly #waiting = new Map<number, Waiting>();
  readonly #holders: Holders<Connection>;
  readonly #sweep: Sweepable = { dueAtMs: NEVER, onDue: () => this.#step({ type: 'sweep' }) };
  readonly #closed = Promise.withResolvers<void>();
  readonly #closeReport = { waitersRejected: 0, leasesFinished: 0, canceled: 0, destroyed: 0 };
  #leaked: readonly HolderReport[] = [];
  #lastWaiter = 0;
  #failoverAtMs = Number.NEGATIVE_INFINITY;
  /** Since when connects or connections fail, until somebody gets one. */
  #failingSinceMs: number | undefined;

  constructor(
    options: ResolvedPostgresOptions,
    o: {
      readonly counters: Counters;
      readonly source: ConnectionSource;
      setupSession(connection: Connection): Queryable;
      onRecycle(): void;
    },
  ) {
    this.#options = options;
    this.#counters = o.counters;
    this.#onRecycle = () => o.onRecycle();
    const returns = options.mode === 'adapted';
    const limits = { resetTimeoutMs: ROLLBACK_TIMEOUT_MS, cancelGraceMs: options.timeouts.cancelGraceMs, returns };
    this.state = createLeaseState({ ...options.pool, ...limits }, options.random);
    this.#housekeeper = new Housekeeper(options);
    this.#holders = new Holders({
      pool: options.name,
      clock: options.clock,
      housekeeper: this.#housekeeper,
      counters: o.counters,
      leak: options.leak,
      reclaim: (connection) => this.#reclaim(connection),
    });
    this.#refusals = new Refusals({ options, counters: o.counters, state: this.state, holders: this.#holders });
    this.#slots = new SlotLife({
      options,
      counters: o.counters,
      source: o.source,
      housekeeper: this.#housekeeper,
      emit: (event) => this.#step(event),
      onFailure: () => {
        this.#failingSinceMs ??= this.#now();
      },
      onFailover: (reason) => this.#failover(reason),
      onBroken: (_slot, connection, reason) => this.#onBroken(connection, reason),
      setupSession: (connection) => o.setupSession(connection),
    });
  }

  /** Why the last failed attempt to connect failed. */
  get lastFailure(): PostgresError | undefined {
    return this.#slots.lastFailure;
  }

  /** The connection that was released last, or the next that becomes free; waiters are served in order of arrival. */
  acquire(request: AcquireRequest): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const { signal } = request;
    if (signal?.aborted === true) {
      reject(this.#refusals.aborted(request));
      return promise;
    }
    this.#lastWaiter += 1;
    const id = this.#lastWaiter;
    const onAbort = (): void => this.#abort(id);
    const isWatched = request.watched === true;
    const trace = isWatched ? this.#holders.trace(request.label, this.state.waiters.size) : undefined;
    const waiting: Waiting = { request, resolve, reject, onAbort, trace, parked: false };
    this.#waiting.set(id, waiting);
    const acquireAtMs = this.#now() + this.#options.pool.acquireTimeoutMs;
    this.#step({ type: 'acquire', waiter: id, deadlineAtMs: Math.min(acquireAtMs, request.deadlineAtMs) });
    if (this.#waiting.has(id)) {
      waiting.parked = true;
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#counters.maxWaiting = Math.max(this.#counters.maxWaiting, this.state.waiters.size);
    }
    return promise;
  }

  /** Takes the connection back. A lost one is gone already; a busy or dirty one is never handed on as it is. */
  release(connection: Connection): void {
    const hold = this.#holders.giveBack(connection);
    if (hold === undefined) return;
    const { slot, label } = hold;
    if (this.state.phase === 'closing') this.#closeReport.leasesFinished += 1;
    const { pool, mode } = this.#options;
    const changed = connection.sessionChanged && pool.reset === 'discard';
    // Whose session it is cannot be told how to set it up again.
    const unfit = changed && mode === 'adapted' ? 'dirty' : connection.retireReason;
    const unusable = connection.busy ? 'busy' : unfit;
    if (unusable !== undefined) {
      this.#step({ type: 'broken', slot, reason: unusable });
      return;
    }
    const dirty = connection.status !== 'I';
    if (dirty) {
      this.#counters.dirtyReleases += 1;
      publish('dirty-release', () => ({ pool: this.#options.name, label }));
    }
    this.#step({ type: 'released', slot, dirty: dirty || changed });
  }

  /** Takes the connection back once the server owes it nothing any more. */
  releaseWhenQuiet(connection: Connection): void {
    if (connection.busy) void connection.whenQuiet().then(() => this.release(connection));
    else this.release(connection);
  }

  /** Takes the connection back and ends it. */
  discard(connection: Connection): void {
    const hold = this.#holders.giveBack(connection);
    if (hold !== undefined) this.#step({ type: 'broken', slot: hold.slot, reason: 'user' });
  }

  /** Takes the connection away from its holder then; the caller may think better of it until then. */
  reclaimIn(connection: Connection, delayMs: number): () => void {
    const entry = alarm(this.#housekeeper, this.#now() + delayMs, () => {
      if (this.#holders.has(connection)) this.#reclaim(connection);
    });
    return () => this.#housekeeper.delete(entry);
  }

  /** Begins a new generation: idle connections end now, leased ones when they come back. */
  recycle(reason: string): void {
    const from = this.state.generation;
    this.#step({ type: 'recycle' });
    publish('generation', () => ({ pool: this.#options.name, from, to: this.state.generation, reason }));
    this.#onRecycle();
  }

  /** Opens the connections of `minIdle`. */
  start(): void {
    this.#step({ type: 'start' });
  }

  /** Refuses who waits, lets leases go on until the deadline, and resolves when every socket is closed. */
  async close(deadlineAtMs: number): Promise<LeaseCloseReport> {
    this.#closeReport.waitersRejected += this.state.waiters.size;
    this.#step({ type: 'close', deadlineAtMs });
    await this.#closed.promise;
    return { ...this.#closeReport, leaked: this.#leaked };
  }

  /** Leaks that are held now. */
  get leaked(): number {
    return this.#holders.leaked;
  }

  /** Connections to a primary that takes no writes, where writes are wanted. */
  get readOnly(): number {
    const { targetSessionAttrs } = this.#options;
    return this.#slots.roles().filter((role) => isReadOnlyPrimary(targetSessionAttrs, role)).length;
  }

  /** The connections that are open, behind those that ended last. */
  lifecycle(): ConnectionRecord[] {
    return this.#slots.records();
  }

  /** At most once a second: the failures of a whole pool are one failover. */
  #failover(reason: string): void {
    const nowMs = this.#now();
    if (this.state.phase !== 'open' || nowMs - this.#failoverAtMs < FAILOVER_PAUSE_MS) return;
    this.#failoverAtMs = nowMs;
    this.recycle(reason);
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #step(event: LeaseEvent): void {
    for (const effect of step(this.state, event, this.#now())) this.#run(effect);
    if (this.state.slots.size === 0) this.#holders.rest();
    this.#sweep.dueAtMs = this.state.dueAtMs;
    if (this.state.dueAtMs === NEVER) this.#housekeeper.delete(this.#sweep);
    else this.#housekeeper.add(this.#sweep);
  }

  #run(effect: LeaseEffect): void {
    switch (effect.do) {
      case 'connect':
        this.#slots.connect(effect.slot, this.state.generation);
        break;
      case 'grant':
        this.#grant(effect);
        break;
      case 'refuse':
        this.#leave(effect.waiter, (waiting) =>
          waiting.reject(this.#refusals.refused(waiting.request, effect, this.lastFailure)),
        );
        break;
      case 'validate':
        void this.#slots.probe(effect.slot);
        break;
      case 'reset':
        void this.#slots.reset(effect.slot);
        break;
      case 'cancel':
        this.#closeReport.canceled += this.#slots.connectionOf(effect.slot)?.busy === true ? 1 : 0;
        this.#slots.cancel(effect.slot);
        break;
      case 'terminate':
      case 'destroy':
        this.#retire(effect);
        break;
      case 'closed':
        this.#closed.resolve();
        break;
      /* v8 ignore next -- exhausted @preserve */
      default:
        effect satisfies never;
    }
  }

  #retire(effect: Extract<LeaseEffect, { do: 'terminate' | 'destroy' }>): void {
    const connection = this.#slots.connectionOf(effect.slot);
    if (
      effect.do === 'destroy' &&
      effect.reason === 'close' &&
      connection !== undefined &&
      this.#holders.has(connection)
    ) {
      if (this.#leaked.length === 0) this.#leaked = this.#holders.reports();
      this.#closeReport.destroyed += 1;
    }
    this.#slots.retire(effect.slot, effect);
  }

  #grant(effect: Extract<LeaseEffect, { do: 'grant' }>): void {
    const connection = this.#slots.connectionOf(effect.slot);
    /* v8 ignore next -- the core grants only what is open @preserve */
    if (connection === undefined) return;
    this.#leave(effect.waiter, ({ request, resolve, parked, trace }) => {
      const { label, watched = false } = request;
      this.#holders.begin(connection, { slot: effect.slot, label, trace, watched });
      connection.use.uses += 1;
      connection.use.waitMs += effect.waitedMs;
      this.#counters.acquired += 1;
      if (this.#failingSinceMs !== undefined) this.#noteRecovery(this.#failingSinceMs);
      this.#counters.waitMs.record(effect.waitedMs);
      if (!parked) this.#counters.validationSkips += 1;
      publish('lease', () => ({ pool: this.#options.name, label, waitMs: effect.waitedMs }));
      resolve(connection);
    });
  }

  #noteRecovery(failingSinceMs: number): void {
    this.#failingSinceMs = undefined;
    this.#counters.recoveryMs.record(this.#now() - failingSinceMs);
  }

  #leave(waiter: number, then: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(waiter);
    /* v8 ignore next -- the core names only those who wait @preserve */
    if (waiting === undefined) return;
    this.#waiting.delete(waiter);
    waiting.request.signal?.removeEventListener('abort', waiting.onAbort);
    then(waiting);
  }

  #abort(waiter: number): void {
    this.#step({ type: 'abort', waiter });
    this.#leave(waiter, ({ request, reject }) => reject(this.#refusals.aborted(request)));
  }

  /** Takes a connection from somebody who has held it for too long. */
  #reclaim(connection: Connection): void {
    const hold = this.#holders.lose(connection);
    /* v8 ignore next -- only what is held is reclaimed @preserve */
    if (hold === undefined) return;
    this.#counters.leasesReclaimed += 1;
    this.#publishLost(connection, hold, 'leak');
    this.#step({ type: 'broken', slot: hold.slot, reason: 'leak' });
  }

  #onBroken(connection: Connection, reason: RetireReason): void {
    const hold = this.#holders.lose(connection);
    if (hold === undefined) return;
    this.#counters.leasesLost += 1;
    this.#publishLost(connection, hold, reason);
  }

  #publishLost(connection: Connection, { label }: Hold, reason: RetireReason): void {
    const sqlState = sqlStateOf(connection.lost);
    publish('lease-lost', () => ({ pool: this.#options.name, label, sqlState, reason }));
  }
}
