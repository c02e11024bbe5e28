/** The connections behind the slots of `lease-state.ts`: opened, set up, probed, reset and ended as the core says; it hears of each outcome. */
import { sendCancel } from './cancel.ts';
import { ConnectTimeoutError, SetupError } from './connect-errors.ts';
import { connectFailure } from './connect-failure.ts';
import { Connection } from './connection.ts';
import { Connector, type OpenAttempt, type OpenedClient } from './connector.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import type { Housekeeper } from './housekeeper.ts';
import type { LeaseEvent, RetireReason } from './lease-model.ts';
import { Lifecycle, PhaseClock, type ConnectionRecord } from './lifecycle.ts';
import type { Queryable } from './queries.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import { sqlStateOf } from './sqlstate.ts';
import { StatementCache } from './statement-cache.ts';
import type { Counters } from './stats.ts';

/** Longest wait for the ROLLBACK of a dirty release. */
export const ROLLBACK_TIMEOUT_MS = 2_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Reasons to end a connection although its server answers: first it is made to stop what it runs. */
const STOPPED_FIRST: ReadonlySet<RetireReason> = new Set(['busy', 'user', 'leak']);

interface Life {
  readonly clock: PhaseClock;
  readonly generation: number;
  attempt?: OpenAttempt;
  connection?: Connection;
  readyAtMs?: number;
  /** Set once it is to end. */
  retired?: { readonly reason: RetireReason; readonly atMs: number };
}

export interface SlotLifeContext {
  readonly options: ResolvedPostgresOptions;
  readonly counters: Counters;
  readonly housekeeper: Housekeeper;
  emit(event: LeaseEvent): void;
  /** An attempt to connect failed, or a connection broke. */
  onFailure(): void;
  /** The connection broke; before the core hears of it. */
  onBroken(slot: number, connection: Connection, reason: RetireReason): void;
  /** What `session.setup` gets. */
  setupSession(connection: Connection): Queryable;
}

export class SlotLife {
  readonly #context: SlotLifeContext;
  readonly #connector: Connector;
  readonly #lives = new Map<number, Life>();
  readonly #lifecycle = new Lifecycle();
  #lastFailure: PostgresError | undefined;

  constructor(context: SlotLifeContext) {
    this.#context = context;
    this.#connector = new Connector(context.options);
  }

  /** Why the last failed attempt to connect failed. */
  get lastFailure(): PostgresError | undefined {
    return this.#lastFailure;
  }

  connectionOf(slot: number): Connection | undefined {
    return this.#lives.get(slot)?.connection;
  }

  /** The connections that are open, behind those that ended last. */
  records(): ConnectionRecord[] {
    const live = [...this.#lives.values()].flatMap((life) =>
      life.connection === undefined ? [] : [this.#recordOf(life, life.connection)],
    );
    return [...this.#lifecycle.ended, ...live];
  }

  connect(slot: number, generation: number): void {
    const life: Life = { clock: new PhaseClock(this.#context.options.clock), generation };
    this.#lives.set(slot, life);
    life.attempt = this.#connector.open(life.clock, (error, opened) => {
      if (opened === undefined) this.#onConnectFailed(slot, life, error);
      else void this.#onConnected(slot, life, opened);
    });
  }

  /** An empty statement: 0.65 of the cost of `select 1`. The core limits its time. */
  async probe(slot: number): Promise<void> {
    const connection = this.connectionOf(slot);
    if (connection === undefined) return;
    this.#context.counters.validations += 1;
    const { error } = await connection.run({
      build: () => [{ text: '', values: [], rowLimit: 0 }],
      deadlineAtMs: NEVER,
      atLimit: 'destroy',
    });
    this.#context.emit(
      error === undefined ? { type: 'validated', slot } : { type: 'broken', slot, reason: 'validation' },
    );
  }

  /** Rolls back what a lease left open. The core limits its time. */
  async reset(slot: number): Promise<void> {
    const connection = this.connectionOf(slot);
    if (connection === undefined) return;
    await connection.run({
      build: () => [{ text: 'rollback', values: [], rowLimit: 0 }],
      deadlineAtMs: NEVER,
      atLimit: 'destroy',
    });
    this.#context.emit(connection.status === 'I' ? { type: 'reset', slot } : { type: 'broken', slot, reason: 'dirty' });
  }

  cancel(slot: number): void {
    this.connectionOf(slot)?.cancelActive();
  }

  /** A goodbye to a healthy connection, an end at once to any other. */
  retire(slot: number, how: { readonly do: 'terminate' | 'destroy'; readonly reason: RetireReason }): void {
    const life = this.#lives.get(slot);
    if (life === undefined) return;
    life.retired ??= { reason: how.reason, atMs: this.#now() };
    if (how.reason === 'connect-timeout') this.#noteFailure(life, new ConnectTimeoutError(this.#where(life)));
    if (how.reason === 'setup' && life.connection !== undefined)
      this.#noteFailure(life, new SetupError(this.#where(life), { cause: life.connection.lost }));
    if (life.connection === undefined) life.attempt?.abort();
    else if (how.do === 'terminate') life.connection.terminate();
    else if (STOPPED_FIRST.has(how.reason)) life.connection.stop();
    else {
      if (how.reason === 'close') life.connection.cancelActive(); // the deadline is over: asked once, and not waited for
      life.connection.destroy();
    }
  }

  #now(): number {
    return this.#context.options.clock.now();
  }

  #where(life: Life): { host: string; port: number; elapsedMs: number } {
    const { host, port } = this.#context.options;
    return { host, port, elapsedMs: this.#now() - life.clock.startedAtMs };
  }

  #noteFailure(life: Life, failure: PostgresError): void {
    const { options, counters } = this.#context;
    this.#lastFailure = failure;
    counters.createFailures += 1;
    this.#context.onFailure();
    const { phases } = life.clock;
    publish('connect', () => ({ pool: options.name, host: options.host, ok: false, phases, error: failure }));
  }

  #onConnectFailed(slot: number, life: Life, error: unknown): void {
    this.#lives.delete(slot);
    // A retired attempt was noted when it was given up; one that ends because of `close` is no failure.
    if (life.retired === undefined) this.#noteFailure(life, connectFailure(error, this.#where(life)));
    this.#context.emit({ type: 'connect-failed', slot, permanent: this.#lastFailure?.retryable === false });
  }

  async #onConnected(slot: number, life: Life, opened: OpenedClient): Promise<void> {
    const { options } = this.#context;
    const connection = this.#wrap(slot, life, opened);
    life.connection = connection;
    life.clock.end('authMs');
    if (life.retired !== undefined) {
      connection.destroy(); // it arrived after it was given up
      return;
    }
    this.#context.emit({ type: 'connected', slot });
    const { setup } = options.session;
    if (setup !== undefined && !(await this.#setUp(slot, life, { connection, setup }))) return;
    life.clock.end('setupMs');
    life.readyAtMs = this.#now();
    this.#context.counters.created += 1;
    this.#context.counters.createMs.record(life.clock.totalMs);
    const { phases } = life.clock;
    publish('connect', () => ({ pool: options.name, host: options.host, ok: true, phases }));
    this.#context.emit({ type: 'ready', slot });
  }

  async #setUp(
    slot: number,
    life: Life,
    o: { connection: Connection; setup: (session: Queryable) => Promise<void> },
  ): Promise<boolean> {
    try {
      await o.setup(this.#context.setupSession(o.connection));
      await o.connection.whenQuiet();
    } catch (error) {
      if (life.retired === undefined) {
        life.retired = { reason: 'setup', atMs: this.#now() };
        this.#noteFailure(life, new SetupError(this.#where(life), { cause: error }));
        this.#context.emit({ type: 'broken', slot, reason: 'error' });
      }
      return false;
    }
    return life.retired === undefined;
  }

  #wrap(slot: number, life: Life, opened: OpenedClient): Connection {
    const { options, housekeeper, counters } = this.#context;
    const connection: Connection = new Connection(`${options.name}-${slot}`, opened, {
      housekeeper,
      clock: options.clock,
      cancelGraceMs: options.timeouts.cancelGraceMs,
      commitGraceMs: options.timeouts.commitGraceMs,
      statements: new StatementCache(options.statements, counters.statements),
      cancel: (session) => this.#cancel(session),
      onBroken: (reason) => {
        this.#context.onFailure();
        this.#context.onBroken(slot, connection, reason);
        this.#context.emit({ type: 'broken', slot, reason });
      },
      onGone: () => this.#onGone(slot, life, connection),
    });
    return connection;
  }

  async #cancel(session: { processId: number; secretKey: number }): Promise<boolean> {
    const { options, counters } = this.#context;
    const startedAtMs = this.#now();
    counters.cancelsSent += 1;
    const noticed = await sendCancel({ host: options.host, port: options.port, tls: options.tls, ...session });
    publish('cancel', () => ({
      pool: options.name,
      ms: this.#now() - startedAtMs,
      result: noticed ? 'noticed' : 'unanswered',
    }));
    return noticed;
  }

  #onGone(slot: number, life: Life, connection: Connection): void {
    const { options, counters } = this.#context;
    this.#lives.delete(slot);
    this.#context.onBroken(slot, connection, 'error');
    const closedAtMs = this.#now();
    const { reason, atMs } = (life.retired ??= { reason: 'error', atMs: closedAtMs });
    counters.closed[reason] = (counters.closed[reason] ?? 0) + 1;
    const record = { ...this.#recordOf(life, connection), closedAtMs, closeMs: closedAtMs - atMs };
    this.#lifecycle.note(record);
    publish('connection-closed', () => ({ pool: options.name, record }));
    this.#context.emit({ type: 'gone', slot });
  }

  #recordOf(life: Life, connection: Connection): ConnectionRecord {
    const { uses, activeMs, leasedMs, waitMs } = connection.use;
    const errorCode = sqlStateOf(connection.lost);
    const endAtMs = life.retired?.atMs ?? this.#now();
    return {
      id: connection.id,
      host: this.#context.options.host,
      pid: connection.pid,
      generation: life.generation,
      createdAtMs: life.clock.startedAtMs,
      ...life.clock.phases,
      uses,
      activeMs,
      idleMs: life.readyAtMs === undefined ? 0 : Math.max(0, endAtMs - life.readyAtMs - leasedMs),
      waitMs,
      ...connection.bytes,
      ...(life.retired === undefined ? {} : { reason: life.retired.reason }),
      ...(errorCode === undefined ? {} : { errorCode }),
    };
  }
}
