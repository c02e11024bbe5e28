/** The connections behind the slots of `lease-state.ts`: opened, set up, probed, reset and ended as the core says; it hears of each outcome. */
import { sendCancel } from './cancel.ts';
import { SetupError } from './connect-errors.ts';
import { connectFailure } from './connect-failure.ts';
import { Connection } from './connection.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import type { Housekeeper } from './housekeeper.ts';
import type { LeaseEvent, RetireReason } from './lease-model.ts';
import { Lifecycle, PhaseClock, type ConnectionRecord } from './lifecycle.ts';
import type { ConnectionSource, ConnectWhere, OpenAttempt } from './open-attempt.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import type { OpenedSession } from './session-port.ts';
import { resetSession, setUpSession, type SessionSetup } from './session-setup.ts';
import { sqlStateOf } from './sqlstate.ts';
import { StatementCache } from './statement-cache.ts';
import type { Counters } from './stats.ts';
import { admits, isDemoted, type ServerRole } from './targets.ts';

/** Longest wait for the ROLLBACK of a dirty release. */
export const ROLLBACK_TIMEOUT_MS = 2_000;
/** Longest wait for a server that is to take note of a cancel request. */
const MAX_CANCEL_MS = 1_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Reasons to end a connection although its server answers: first it is made to stop what it runs. */
const STOPPED_FIRST: ReadonlySet<RetireReason> = new Set(['busy', 'user', 'leak']);

/** The server goes down, or crashed: its other connections go with it. */
const SHUTDOWN: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03']);

interface Life {
  readonly clock: PhaseClock;
  readonly generation: number;
  readonly attempt: OpenAttempt;
  connection?: Connection;
  readyAtMs?: number;
  /** Set once it is to end. */
  retired?: { readonly reason: RetireReason; readonly atMs: number };
}

export interface SlotLifeContext extends SessionSetup {
  readonly options: ResolvedPostgresOptions;
  readonly counters: Counters;
  readonly housekeeper: Housekeeper;
  readonly source: ConnectionSource;
  emit(event: LeaseEvent): void;
  /** An attempt to connect failed, or a connection broke. */
  onFailure(): void;
  /** The server is no longer what it was: connections to it are to be replaced. */
  onFailover(reason: string): void;
  /** The connection broke; before the core hears of it. */
  onBroken(slot: number, connection: Connection, reason: RetireReason): void;
}

export class SlotLife {
  readonly #context: SlotLifeContext;
  readonly #lives = new Map<number, Life>();
  readonly #lifecycle = new Lifecycle();
  #lastFailure: PostgresError | undefined;

  constructor(context: SlotLifeContext) {
    this.#context = context;
  }

  /** Why the last failed attempt to connect failed. */
  get lastFailure(): PostgresError | undefined {
    return this.#lastFailure;
  }

  connectionOf(slot: number): Connection | undefined {
    return this.#lives.get(slot)?.connection;
  }

  /** That of a slot which the core has leased: it is set up. */
  open(slot: number): Connection {
    const connection = this.connectionOf(slot);
    /* v8 ignore next -- the core leases only what is open @preserve */
    if (connection === undefined) throw new TypeError(`slot ${slot} has no connection`);
    return connection;
  }

  connections(): Connection[] {
    return [...this.#lives.values()].flatMap(({ connection }) => (connection === undefined ? [] : [connection]));
  }

  /** What the open sessions say of their servers. */
  roles(): ServerRole[] {
    return this.connections().map(({ role }) => role);
  }

  /** The connections that are open, behind those that ended last. */
  records(): ConnectionRecord[] {
    const live = [...this.#lives.values()].flatMap((life) =>
      life.connection === undefined ? [] : [this.#recordOf(life, life.connection)],
    );
    return [...this.#lifecycle.ended, ...live];
  }

  connect(slot: number, generation: number): void {
    const clock = new PhaseClock(this.#context.options.clock);
    const attempt = this.#context.source.open(clock, (error, opened) => {
      if (opened !== undefined) void this.#onConnected(slot, life, opened);
      else this.#onConnectFailed(slot, life, error);
    });
    const life: Life = { clock, generation, attempt };
    this.#lives.set(slot, life);
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

  /** Undoes what a lease left behind. The core limits its time. */
  async reset(slot: number): Promise<void> {
    const connection = this.connectionOf(slot);
    if (connection === undefined) return;
    try {
      await resetSession(connection, this.#context);
    } catch {
      this.#context.emit({ type: 'broken', slot, reason: 'dirty' });
      return;
    }
    this.#context.emit({ type: 'reset', slot });
  }

  cancel(slot: number): void {
    this.connectionOf(slot)?.cancelActive();
  }

  /** A goodbye to a healthy connection, an end at once to any other. */
  retire(slot: number, how: { readonly do: 'terminate' | 'destroy'; readonly reason: RetireReason }): void {
    const life = this.#lives.get(slot);
    if (life === undefined) return;
    life.retired ??= { reason: how.reason, atMs: this.#now() };
    if (how.reason === 'connect-timeout') this.#noteFailure(life, life.attempt.overdue(this.#where(life)));
    if (how.reason === 'setup' && life.connection !== undefined)
      this.#noteFailure(life, new SetupError(this.#where(life), { cause: life.connection.lost }));
    if (life.connection === undefined) life.attempt.abort(how.reason === 'close');
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

  #where(life: Life): ConnectWhere {
    const { host, port } = life.attempt.place;
    return { host, port, elapsedMs: this.#now() - life.clock.startedAtMs };
  }

  #noteFailure(life: Life, failure: PostgresError): void {
    const { options, counters } = this.#context;
    const { host } = this.#where(life);
    this.#lastFailure = failure;
    counters.createFailures += 1;
    this.#context.onFailure();
    const { phases } = life.clock;
    publish('connect', () => ({ pool: options.name, host, ok: false, phases, error: failure }));
  }

  #onConnectFailed(slot: number, life: Life, error: unknown): void {
    this.#lives.delete(slot);
    // A retired attempt was noted when it was given up; one that ends because of `close` is no failure.
    if (life.retired === undefined) this.#noteFailure(life, connectFailure(error, this.#where(life)));
    this.#context.emit({ type: 'connect-failed', slot, permanent: this.#lastFailure?.retryable === false });
  }

  async #onConnected(slot: number, life: Life, opened: OpenedSession): Promise<void> {
    const connection = this.#wrap(slot, life, opened);
    life.connection = connection;
    life.clock.end('authMs');
    if (life.retired !== undefined) {
      connection.destroy(); // it arrived after it was given up
      return;
    }
    this.#context.emit({ type: 'connected', slot });
    if (!(await this.#setUp(slot, life, connection))) return;
    life.clock.end('setupMs');
    life.readyAtMs = this.#now();
    if (opened.isReused !== true) this.#noteCreated(life, connection);
    this.#context.emit({ type: 'ready', slot });
  }

  #noteCreated({ clock }: Life, connection: Connection): void {
    const { options, counters } = this.#context;
    const { phases, totalMs } = clock;
    counters.created += 1;
    counters.createMs.record(totalMs);
    publish('connect', () => ({ pool: options.name, host: connection.place.host, ok: true, phases }));
  }

  /** Whether the session may be used. */
  async #setUp(slot: number, life: Life, connection: Connection): Promise<boolean> {
    let failure: PostgresError | undefined;
    try {
      await setUpSession(connection, this.#context);
    } catch (error) {
      failure = new SetupError(this.#where(life), { cause: error });
    }
    if (life.retired !== undefined) return false;
    if (failure === undefined) return true;
    life.retired = { reason: 'setup', atMs: this.#now() };
    this.#noteFailure(life, failure);
    this.#context.emit({ type: 'broken', slot, reason: 'error' });
    return false;
  }

  #wrap(slot: number, life: Life, opened: OpenedSession): Connection {
    const { options, housekeeper, counters } = this.#context;
    const connection: Connection = new Connection(`${options.name}-${slot}`, opened, {
      housekeeper,
      clock: options.clock,
      cancelGraceMs: options.timeouts.cancelGraceMs,
      commitGraceMs: options.timeouts.commitGraceMs,
      statements: opened.statements ?? new StatementCache(options.statements, counters.statements),
      cancel: (session) => this.#cancel(opened, session),
      onBroken: (reason) => {
        this.#context.onFailure();
        this.#context.onBroken(slot, connection, reason);
        this.#context.emit({ type: 'broken', slot, reason });
        const sqlState = sqlStateOf(connection.lost) ?? '';
        if (SHUTDOWN.has(sqlState)) this.#context.onFailover(sqlState);
      },
      onRoleChange: () => {
        if (!admits(options.targetSessionAttrs, connection.role)) this.#context.onFailover('target-session-attrs');
      },
      onReadOnly: () => {
        if (isDemoted(options.targetSessionAttrs, connection.role)) this.#context.onFailover('25006');
      },
      onGone: () => this.#onGone(slot, life, connection),
    });
    return connection;
  }

  async #cancel(opened: OpenedSession, session: { processId: number; secretKey: number }): Promise<boolean> {
    const { options, counters } = this.#context;
    const { place, tls = options.tls } = opened;
    const startedAtMs = this.#now();
    counters.cancelsSent += 1;
    // Behind the grace the connection is destroyed: whether the cancel arrives does not matter any more.
    const timeoutMs = Math.min(MAX_CANCEL_MS, options.timeouts.cancelGraceMs);
    const noticed = await sendCancel({ place, tls, ...session, timeoutMs });
    publish('cancel', () => ({
      pool: options.name,
      ms: this.#now() - startedAtMs,
      result: noticed ? 'noticed' : 'unanswered',
    }));
    return noticed;
  }

  #onGone(slot: number, life: Life, connection: Connection): void {
    this.#lives.delete(slot);
    this.#context.onBroken(slot, connection, 'error');
    if (life.retired?.reason !== 'returned') this.#noteClosed(life, connection);
    this.#context.emit({ type: 'gone', slot });
  }

  #noteClosed(life: Life, connection: Connection): void {
    const { options, counters } = this.#context;
    const closedAtMs = this.#now();
    const { reason, atMs } = (life.retired ??= { reason: 'error', atMs: closedAtMs });
    counters.closed[reason] = (counters.closed[reason] ?? 0) + 1;
    const record = { ...this.#recordOf(life, connection), closedAtMs, closeMs: closedAtMs - atMs };
    this.#lifecycle.note(record);
    publish('connection-closed', () => ({ pool: options.name, record }));
  }

  #recordOf(life: Life, connection: Connection): ConnectionRecord {
    const { uses, activeMs, leasedMs, waitMs } = connection.use;
    const errorCode = sqlStateOf(connection.lost);
    const endAtMs = life.retired?.atMs ?? this.#now();
    return {
      id: connection.id,
      host: connection.place.host,
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
