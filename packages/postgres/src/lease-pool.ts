/** The shell of `lease-state.ts`: calls become events, effects become grants, refusals and the life of connections. */
import { AcquireTimeoutError, QueueFullError, type PressureDetails } from './connect-errors.ts';
import type { Connection } from './connection.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import { Housekeeper, type Sweepable } from './housekeeper.ts';
import {
  createLeaseState,
  type LeaseEffect,
  type LeaseEvent,
  type LeasePoolState,
  type RefusalReason,
  type RetireReason,
} from './lease-model.ts';
import { step } from './lease-state.ts';
import type { Queryable } from './queries.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import { ROLLBACK_TIMEOUT_MS, SlotLife } from './slot-life.ts';
import { sqlStateOf } from './sqlstate.ts';
import type { Counters } from './stats.ts';
import { DeadlineError, PostgresAbortedError, PostgresClosedError } from './usage-errors.ts';

const NEVER = Number.POSITIVE_INFINITY;

export interface AcquireRequest {
  readonly label: string | undefined;
  readonly deadlineMs: number;
  /** The budget of the call; the wait also ends after `pool.acquireTimeoutMs`. */
  readonly deadlineAtMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Waiting {
  readonly request: AcquireRequest;
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: PostgresError) => void;
  readonly onAbort: () => void;
  /** No connection was free at once. */
  parked: boolean;
}

/** Somebody who holds a lease. */
interface Holder {
  readonly slot: number;
  readonly label: string | undefined;
  readonly sinceMs: number;
}

export interface HolderReport {
  readonly label: string;
  readonly heldMs: number;
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
  readonly #housekeeper: Housekeeper;
  readonly #slots: SlotLife;
  readonly #waiting = new Map<number, Waiting>();
  readonly #holders = new Map<Connection, Holder>();
  readonly #sweep: Sweepable = { dueAtMs: NEVER, onDue: () => this.#step({ type: 'sweep' }) };
  readonly #closed = Promise.withResolvers<void>();
  readonly #closeReport = { waitersRejected: 0, leasesFinished: 0, canceled: 0, destroyed: 0 };
  #leaked: readonly HolderReport[] = [];
  #lastWaiter = 0;

  constructor(
    options: ResolvedPostgresOptions,
    o: { readonly counters: Counters; setupSession(connection: Connection): Queryable },
  ) {
    this.#options = options;
    this.#counters = o.counters;
    const limits = { resetTimeoutMs: ROLLBACK_TIMEOUT_MS, cancelGraceMs: options.timeouts.cancelGraceMs };
    this.state = createLeaseState({ ...options.pool, ...limits }, options.random);
    this.#housekeeper = new Housekeeper(options);
    this.#slots = new SlotLife({
      options,
      counters: o.counters,
      housekeeper: this.#housekeeper,
      emit: (event) => this.#step(event),
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
      reject(this.#abortedError(request));
      return promise;
    }
    this.#lastWaiter += 1;
    const id = this.#lastWaiter;
    const onAbort = (): void => this.#abort(id);
    const waiting: Waiting = { request, resolve, reject, onAbort, parked: false };
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
    const holder = this.#endHold(connection);
    if (holder === undefined) return;
    const { slot, label } = holder;
    if (this.state.phase === 'closing') this.#closeReport.leasesFinished += 1;
    const unusable = connection.busy ? 'busy' : connection.retireReason;
    if (unusable !== undefined) {
      this.#step({ type: 'broken', slot, reason: unusable });
      return;
    }
    const dirty = connection.status !== 'I';
    if (dirty) {
      this.#counters.dirtyReleases += 1;
      publish('dirty-release', () => ({ pool: this.#options.name, label }));
    }
    this.#step({ type: 'released', slot, dirty });
  }

  /** Takes the connection back once the server owes it nothing any more. */
  releaseWhenQuiet(connection: Connection): void {
    if (connection.busy) void connection.whenQuiet().then(() => this.release(connection));
    else this.release(connection);
  }

  /** Takes the connection back and ends it. */
  discard(connection: Connection): void {
    const holder = this.#endHold(connection);
    if (holder !== undefined) this.#step({ type: 'broken', slot: holder.slot, reason: 'user' });
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

  /** Who holds a lease, the longest first. */
  holders(): HolderReport[] {
    return [...this.#holders.values()]
      .map(({ label, sinceMs }) => ({ label: label ?? 'unlabeled', heldMs: this.#now() - sinceMs }))
      .toSorted((a, b) => b.heldMs - a.heldMs);
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #step(event: LeaseEvent): void {
    for (const effect of step(this.state, event, this.#now())) this.#run(effect);
    this.#sweep.dueAtMs = this.state.dueAtMs;
    if (this.state.dueAtMs === NEVER) this.#housekeeper.delete(this.#sweep);
    else this.#housekeeper.add(this.#sweep);
  }

  #run(effect: LeaseEffect): void {
    switch (effect.do) {
      case 'connect':
        this.#slots.connect(effect.slot);
        break;
      case 'grant':
        this.#grant(effect);
        break;
      case 'refuse':
        this.#leave(effect.waiter, (waiting) => waiting.reject(this.#refusal(waiting.request, effect)));
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
      if (this.#leaked.length === 0) this.#leaked = this.holders();
      this.#closeReport.destroyed += 1;
    }
    this.#slots.retire(effect.slot, effect);
  }

  #grant(effect: Extract<LeaseEffect, { do: 'grant' }>): void {
    const connection = this.#slots.connectionOf(effect.slot);
    if (connection === undefined) return;
    this.#leave(effect.waiter, ({ request, resolve, parked }) => {
      this.#holders.set(connection, { slot: effect.slot, label: request.label, sinceMs: this.#now() });
      connection.use.uses += 1;
      this.#counters.acquired += 1;
      this.#counters.waitMs.record(effect.waitedMs);
      if (!parked) this.#counters.validationSkips += 1;
      publish('lease', () => ({ pool: this.#options.name, label: request.label, waitMs: effect.waitedMs }));
      resolve(connection);
    });
  }

  #leave(waiter: number, then: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(waiter);
    if (waiting === undefined) return;
    this.#waiting.delete(waiter);
    waiting.request.signal?.removeEventListener('abort', waiting.onAbort);
    then(waiting);
  }

  #abort(waiter: number): void {
    this.#step({ type: 'abort', waiter });
    this.#leave(waiter, ({ request, reject }) => reject(this.#abortedError(request)));
  }

  #endHold(connection: Connection): Holder | undefined {
    const holder = this.#holders.get(connection);
    if (holder === undefined) return undefined;
    this.#holders.delete(connection);
    const useMs = this.#now() - holder.sinceMs;
    this.#counters.leasedMs += useMs;
    this.#counters.useMs.record(useMs);
    publish('release', () => ({ pool: this.#options.name, label: holder.label, useMs }));
    return holder;
  }

  #onBroken(connection: Connection, reason: RetireReason): void {
    const holder = this.#endHold(connection);
    if (holder === undefined) return;
    this.#counters.leasesLost += 1;
    const sqlState = sqlStateOf(connection.lost);
    publish('lease-lost', () => ({ pool: this.#options.name, label: holder.label, sqlState, reason }));
  }

  #abortedError({ label, signal }: AcquireRequest): PostgresAbortedError {
    this.#counters.aborted += 1;
    return new PostgresAbortedError(
      { pool: this.#options.name },
      { outcome: 'not-sent', label, cause: signal?.reason },
    );
  }

  #refusal(request: AcquireRequest, o: { reason: RefusalReason; waitedMs: number }): PostgresError {
    const pool = this.#options.name;
    const { label } = request;
    const { waitedMs } = o;
    const pressure = this.#pressure();
    const message = () => ({ pool, label, waitedMs, queued: pressure.queued, active: pressure.active });
    if (o.reason === 'closed') return new PostgresClosedError({ pool }, { label });
    if (o.reason === 'queue-full') {
      this.#counters.queueFull += 1;
      publish('queue-full', message);
      return new QueueFullError(pressure, { label, captureStack: false });
    }
    const { lastFailure } = this;
    if (o.reason === 'unreachable' && lastFailure !== undefined) return lastFailure;
    if (request.deadlineAtMs <= this.#now())
      return new DeadlineError({ deadlineMs: request.deadlineMs }, { label, outcome: 'not-sent' });
    this.#counters.acquireTimeouts += 1;
    publish('acquire-timeout', message);
    return new AcquireTimeoutError({ ...pressure, waitedMs }, { label });
  }

  #pressure(): PressureDetails {
    const { counts, waiters } = this.state;
    const [oldestHolder] = this.holders();
    return {
      pool: this.#options.name,
      queued: waiters.size,
      active: counts.leased,
      idle: counts.idle,
      ...(oldestHolder === undefined ? {} : { oldestHolder }),
    };
  }
}
