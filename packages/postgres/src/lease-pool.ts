/** The shell of `lease-state.ts`: calls become events, effects become grants, refusals and the life of connections. */
import { afterUse } from './after-use.ts';
import { CloseTally, type CloseReport } from './close-report.ts';
import type { Connection } from './connection.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import { Holders, type Hold, type Trace } from './holders.ts';
import { alarm, Housekeeper } from './housekeeper.ts';
import { LeaseCore } from './lease-core.ts';
import {
  createLeaseState,
  type LeaseEffect,
  type LeasePoolState,
  type RetireReason,
  type Slot,
} from './lease-model.ts';
import { Refusals, type AcquireRequest } from './lease-refusals.ts';
import type { ConnectionRecord } from './lifecycle.ts';
import type { ConnectionSource } from './open-attempt.ts';
import { Outage } from './outage.ts';
import { PendingLease, type Caller, type LeaseDesk } from './pending-lease.ts';
import type { Queryable } from './queries.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import { ROLLBACK_TIMEOUT_MS, SlotLife } from './slot-life.ts';
import { sqlStateOf } from './sqlstate.ts';
import type { Counters } from './stats.ts';
import { isReadOnlyPrimary } from './targets.ts';

export class LeasePool {
  readonly state: LeasePoolState;
  readonly #options: ResolvedPostgresOptions;
  readonly #counters: Counters;
  readonly #onRecycle: () => void;
  readonly #housekeeper: Housekeeper;
  readonly #slots: SlotLife;
  readonly #refusals: Refusals;
  readonly #holders: Holders<Connection>;
  readonly #core: LeaseCore;
  readonly #closed = Promise.withResolvers<void>();
  readonly #closing = new CloseTally();
  readonly #desk: LeaseDesk = {
    lend: (slot, { request, trace, enqueuedAtMs }) =>
      this.#lend(slot, { request, trace, waitedMs: slot.sinceMs - enqueuedAtMs }),
    refusal: ({ request }, why) => this.#refusals.refused(request, why, this.lastFailure),
    abort: (waiter) => {
      this.#core.send({ type: 'abort', waiter });
      return this.#refusals.aborted(waiter.request);
    },
  };
  readonly #outage: Outage;

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
    this.#core = new LeaseCore({
      state: this.state,
      clock: options.clock,
      housekeeper: this.#housekeeper,
      run: (effect) => this.#run(effect),
    });
    this.#outage = new Outage(options.clock, o.counters.recoveryMs);
    this.#holders = new Holders({
      pool: options.name,
      clock: options.clock,
      housekeeper: this.#housekeeper,
      counters: o.counters,
      leak: options.leak,
      connections: () => this.#slots.connections(),
      reclaim: (connection) => this.#reclaim(connection),
    });
    this.#refusals = new Refusals({ options, counters: o.counters, state: this.state, holders: this.#holders });
    this.#slots = new SlotLife({
      options,
      counters: o.counters,
      source: o.source,
      housekeeper: this.#housekeeper,
      emit: (event) => {
        this.#core.send(event);
        if (this.state.slots.size === 0) this.#holders.rest();
      },
      onFailure: () => this.#outage.begin(),
      onFailover: (reason) => this.#failover(reason),
      onBroken: (_slot, connection, reason) => this.#onBroken(connection, reason),
      setupSession: (connection) => o.setupSession(connection),
    });
  }

  /** Why the last failed attempt to connect failed. */
  get lastFailure(): PostgresError | undefined {
    return this.#slots.lastFailure;
  }

  /** The connection that was released last, at once if it is idle; else the next that becomes free, in order of arrival. */
  acquire(request: AcquireRequest): Connection | Promise<Connection> {
    return this.#take(request) ?? new Promise((granted, refused) => this.#wait(request, { granted, refused }));
  }

  /** As `acquire`, for a caller who makes something of the connection: calls him back once, at once or later. */
  ask(request: AcquireRequest, caller: Caller): void {
    const connection = this.#take(request);
    if (connection === undefined) this.#wait(request, caller);
    else caller.granted(connection);
  }

  /** Takes the connection back. A lost one is gone already; a busy or dirty one is never handed on as it is. */
  release(connection: Connection): void {
    const nowMs = this.#now();
    const hold = this.#holders.giveBack(connection, nowMs);
    if (hold === undefined) return;
    const { slot, label } = hold;
    if (this.state.phase === 'closing') this.#closing.leasesFinished += 1;
    const { fate, isDirty } = afterUse(connection, this.#options);
    if (isDirty) {
      this.#counters.dirtyReleases += 1;
      publish('dirty-release', () => ({ pool: this.#options.name, label }));
    }
    if (fate === 'reset') this.#core.send({ type: 'released', slot: slot.id, dirty: true });
    else if (fate !== 'keep') this.#core.send({ type: 'broken', slot: slot.id, reason: fate });
    else this.#core.giveBack(slot, nowMs);
  }

  /** Takes the connection back once the server owes it nothing any more. */
  releaseWhenQuiet(connection: Connection): void {
    if (connection.busy) void connection.whenQuiet().then(() => this.release(connection));
    else this.release(connection);
  }

  /** Takes the connection back and ends it. */
  discard(connection: Connection): void {
    const hold = this.#holders.giveBack(connection, this.#now());
    if (hold !== undefined) this.#core.send({ type: 'broken', slot: hold.slot.id, reason: 'user' });
  }

  /** Takes the connection away from its holder then; the caller may think better of it until then. */
  reclaimIn(connection: Connection, delayMs: number): () => void {
    const entry = alarm(this.#housekeeper, this.#now() + delayMs, () => this.#reclaim(connection));
    return () => this.#housekeeper.delete(entry);
  }

  /** Begins a new generation: idle connections end now, leased ones when they come back. */
  recycle(reason: string): void {
    const from = this.state.generation;
    this.#core.send({ type: 'recycle' });
    publish('generation', () => ({ pool: this.#options.name, from, to: this.state.generation, reason }));
    this.#onRecycle();
  }

  /** Opens the connections of `minIdle`. */
  start(): void {
    this.#core.send({ type: 'start' });
  }

  /** Refuses who waits, lets leases go on until the deadline, and resolves when every socket is closed. */
  async close(deadlineAtMs: number): Promise<Omit<CloseReport, 'durationMs' | 'unknownOutcomes'>> {
    this.#closing.waitersRejected += this.state.waiters.size;
    this.#core.send({ type: 'close', deadlineAtMs });
    await this.#closed.promise;
    return this.#closing.report();
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

  #take(request: AcquireRequest): Connection | undefined {
    if (request.signal?.aborted === true) return undefined;
    const slot = this.#core.take();
    if (slot === undefined) return undefined;
    this.#counters.validationSkips += 1;
    return this.#lend(slot, { request, trace: this.#trace(request, slot.sinceMs), waitedMs: 0 });
  }

  #wait(request: AcquireRequest, caller: Caller): void {
    const { signal } = request;
    if (signal?.aborted === true) return caller.refused(this.#refusals.aborted(request));
    const nowMs = request.askedAtMs ?? this.#now();
    const trace = this.#trace(request, nowMs);
    const deadlineAtMs = Math.min(nowMs + this.#options.pool.acquireTimeoutMs, request.deadlineAtMs);
    const waiter = new PendingLease({ request, caller, trace, enqueuedAtMs: nowMs, deadlineAtMs }, this.#desk);
    this.#core.wait(waiter, nowMs);
    if (!waiter.isWaiting) return;
    signal?.addEventListener('abort', waiter, { once: true });
    this.#counters.maxWaiting = Math.max(this.#counters.maxWaiting, this.state.waiters.size);
  }

  #failover(reason: string): void {
    if (this.state.phase === 'open' && this.#outage.admitsFailover()) this.recycle(reason);
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #run(effect: LeaseEffect): void {
    switch (effect.do) {
      case 'connect':
        this.#slots.connect(effect.slot, this.state.generation);
        break;
      case 'grant':
        effect.waiter.granted(effect.slot);
        break;
      case 'refuse':
        effect.waiter.refused(effect.reason, effect.waitedMs);
        break;
      case 'validate':
        void this.#slots.probe(effect.slot);
        break;
      case 'reset':
        void this.#slots.reset(effect.slot);
        break;
      case 'cancel':
        this.#closing.canceled += this.#slots.connectionOf(effect.slot)?.busy === true ? 1 : 0;
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
    if (effect.do === 'destroy' && effect.reason === 'close' && connection?.hold !== undefined)
      this.#closing.cutOff(() => this.#holders.reports());
    this.#slots.retire(effect.slot, effect);
  }

  #trace({ label, watched }: AcquireRequest, nowMs: number): Trace | undefined {
    return watched === true ? this.#holders.trace(label, this.state.waiters.size, nowMs) : undefined;
  }

  #lend(slot: Slot, o: { request: AcquireRequest; trace: Trace | undefined; waitedMs: number }): Connection {
    const connection = this.#slots.open(slot.id);
    const { label, watched = false } = o.request;
    const { waitedMs } = o;
    this.#holders.begin(connection, { slot, sinceMs: slot.sinceMs, label, trace: o.trace, watched });
    connection.use.uses += 1;
    connection.use.waitMs += waitedMs;
    this.#counters.acquired += 1;
    this.#outage.end();
    this.#counters.waitMs.record(waitedMs);
    publish('lease', () => ({ pool: this.#options.name, label, waitMs: waitedMs }));
    return connection;
  }

  /** Takes a connection from somebody who has held it for too long. */
  #reclaim(connection: Connection): void {
    const hold = this.#holders.lose(connection);
    if (hold === undefined) return;
    this.#counters.leasesReclaimed += 1;
    this.#publishLost(connection, hold, 'leak');
    this.#core.send({ type: 'broken', slot: hold.slot.id, reason: 'leak' });
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
