import { prepareBatch, prepareCall, deadlineOf, type Call, type CallDefaults, type Given } from './call.ts';
import type { CloseReport } from './close-report.ts';
import type { Connection } from './connection.ts';
import { checksOf, type ConnectivityCheck } from './connectivity-checks.ts';
import { Connector } from './connector.ts';
import type { PoolContext } from './context.ts';
import { publish } from './diagnostics.ts';
import { StatementGuard } from './guard/guard.ts';
import { HealthMonitor } from './health-monitor.ts';
import type { HealthReport } from './health.ts';
import { LeasePool } from './lease-pool.ts';
import type { AcquireRequest } from './lease-refusals.ts';
import type { Lease } from './lease.ts';
import type { ConnectionRecord } from './lifecycle.ts';
import { Listener, type ListenOptions, type NotificationHandler } from './listener.ts';
import type { ConnectionSource } from './open-attempt.ts';
import type { PostgresOptions } from './options.ts';
import { LeaseLostError } from './outcome-errors.ts';
import { BusbarPgPool } from './pg-pool-facade.ts';
import type { PgPoolFacade } from './pg-port.ts';
import { ConnectionQueries, PooledLease } from './pooled-lease.ts';
import type { LeaseOptions, Postgres } from './postgres.ts';
import type { BatchOptions, QueryOptions, Result } from './queries.ts';
import { QueryStatistics, type QueryStats, type TopQueriesOptions } from './query-stats.ts';
import { submit, submitAll, type Submission } from './query.ts';
import { resolvePostgresOptions, type ResolvedPostgresOptions } from './resolve-options.ts';
import type { AnyRow } from './row-decoder.ts';
import { RowShapes } from './row-shapes.ts';
import { runTransaction } from './run-transaction.ts';
import { transactionSettings } from './session.ts';
import { SplitSampling } from './split.ts';
import { runStartupChecks, type StartupReport } from './startup-check.ts';
import type { BoundStatement } from './statement.ts';
import { createCounters, statsOf, type Counters, type PostgresStats } from './stats.ts';
import type { Tx, TxOptions } from './tx.ts';
import { ArgumentInvalidError, PostgresClosedError } from './usage-errors.ts';

const CLOSE_DEADLINE_MS = 10_000;

/** What `createPostgres` and `adaptPool` give. */
export class ConnectionManager extends RowShapes implements Postgres {
  readonly name: string;
  readonly #options: ResolvedPostgresOptions;
  readonly #counters: Counters = createCounters();
  readonly #context: PoolContext;
  readonly #listener: Listener;
  readonly #health: HealthMonitor;
  #starting: Promise<StartupReport> | undefined;
  #closing: Promise<CloseReport> | undefined;
  #pgPool: BusbarPgPool | undefined;

  constructor(options: ResolvedPostgresOptions, source: (counters: Counters) => ConnectionSource) {
    super();
    this.#options = options;
    this.name = options.name;
    const { name, database, clock, maxRows, slowQueryMs } = options;
    const { operations, statements } = this.#counters;
    const { queryDeadlineMs } = options.timeouts;
    const { autoPrepareAfter } = options.statements;
    const statistics = new QueryStatistics(options.statistics.fingerprints);
    const guard = new StatementGuard(options.guard);
    const sessions: CallDefaults['sessions'] = options.pooler === 'transaction' ? 'shared' : 'own';
    const shared = {
      target: {
        pool: name,
        database,
        clock,
        operations,
        statements,
        statistics,
        slowQueryMs,
        sampling: new SplitSampling(options.random),
        transactionSettings: transactionSettings(options),
      },
      defaults: { pool: name, queryDeadlineMs, maxRows, clock, guard, autoPrepareAfter, sessions },
    };
    this.#listener = new Listener(options);
    const leases = new LeasePool(options, {
      counters: this.#counters,
      source: source(this.#counters),
      setupSession: (connection) => new ConnectionQueries(shared, connection),
      onRecycle: () => this.#listener.recycle(),
    });
    this.#health = new HealthMonitor(options, leases);
    this.#context = { options, counters: this.#counters, leases, ...shared };
    publish('created', () => ({ name, instance: this }));
  }

  tx<T>(first: TxOptions | ((tx: Tx) => Promise<T>), second?: (tx: Tx) => Promise<T>): Promise<T>;
  async tx<T>(first: TxOptions | ((tx: Tx) => Promise<T>), second?: (tx: Tx) => Promise<T>): Promise<T> {
    const [options, fn] = typeof first === 'function' ? [{}, first] : [first, second];
    if (fn === undefined) throw new ArgumentInvalidError({ argument: 'fn', expected: 'a function' });
    return runTransaction(this.#context, options, fn);
  }

  lease(o: LeaseOptions = {}): Promise<Lease> {
    return new Promise((resolve, refused) => {
      const granted = (connection: Connection): void => resolve(new PooledLease(this.#context, connection));
      this.#context.leases.ask(this.#request(o), { granted, refused });
    });
  }

  listen(channel: string, on: NotificationHandler, o?: ListenOptions): Promise<AsyncDisposable> {
    if (this.#options.mode === 'owned') return this.#listener.listen(channel, on, o);
    const expected = 'a pool of createPostgres: LISTEN needs a connection of its own';
    return Promise.reject(new ArgumentInvalidError({ argument: 'listen', expected }));
  }

  start(): Promise<StartupReport> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async warmup(connections = this.#options.pool.minIdle): Promise<void> {
    const { max } = this.#options.pool;
    if (!Number.isInteger(connections) || connections < 0 || connections > max)
      throw new ArgumentInvalidError({ argument: 'connections', expected: `an integer from 0 to ${max}` });
    const acquired = Array.from({ length: connections }, async () =>
      this.#context.leases.acquire(this.#request({ label: 'warmup' })),
    );
    const outcomes = await Promise.allSettled(acquired);
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') this.#context.leases.release(outcome.value);
    await Promise.all(acquired);
  }

  health(): HealthReport;
  health(o: { readonly deep: true; readonly signal?: AbortSignal }): Promise<HealthReport>;
  health(o?: { readonly deep: true; readonly signal?: AbortSignal }): HealthReport | Promise<HealthReport> {
    return o?.deep === true ? this.#health.probe(o) : this.#health.report();
  }

  stats(): PostgresStats {
    const { name, mode, targets, clock } = this.#options;
    const [{ host }] = targets;
    const guard = this.#context.defaults.guard.stats();
    return statsOf(this.#context.leases.state, this.#counters, { name, host, mode, nowMs: clock.now(), guard });
  }

  topQueries(o?: TopQueriesOptions): QueryStats[] {
    return this.#context.target.statistics.top(o);
  }

  lifecycle(): readonly ConnectionRecord[] {
    return this.#context.leases.lifecycle();
  }

  // oxlint-disable-next-line typescript/require-await -- a refusal must be a rejection
  async recycle(reason = 'user'): Promise<void> {
    if (this.#closing !== undefined) throw new PostgresClosedError({ pool: this.name });
    this.#context.leases.recycle(reason);
  }

  asPgPool(): PgPoolFacade {
    this.#pgPool ??= new BusbarPgPool(this.#context);
    return this.#pgPool;
  }

  close(o: { readonly deadlineMs?: number } = {}): Promise<CloseReport> {
    this.#closing ??= this.#close(o.deadlineMs ?? CLOSE_DEADLINE_MS);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The checks of this pool, for {@link connectivityChecks}. */
  checks(): readonly ConnectivityCheck[] {
    const { targets, clock, targetSessionAttrs } = this.#options;
    const onLatency = (medianMs: number): void => {
      this.#health.baselineMs = medianMs;
    };
    return checksOf({ targets, clock, targetSessionAttrs, queries: this, onLatency });
  }

  protected prepare(given: Given, o: QueryOptions): Call {
    return prepareCall(given, o, { defaults: this.#context.defaults, txControl: 'refused' });
  }

  protected run(call: Call): Promise<Result<AnyRow>> {
    return this.#run(call, (connection, how) => submit(connection, call, how));
  }

  protected hold<T>(call: Call, work: (connection: Connection, how: Submission) => Promise<T>): Promise<T> {
    const watched = { ...call, watched: true };
    return this.#run(watched, work);
  }

  protected async runGroup(statements: readonly BoundStatement[], o: BatchOptions): Promise<Result[]> {
    const calls = prepareBatch(statements, o, this.#context.defaults);
    return calls === undefined ? [] : this.#run(calls[0], (connection, how) => submitAll(connection, calls, how));
  }

  protected isUndoneByError(text: string): boolean {
    return this.#context.defaults.guard.judge(text).operation === 'read';
  }

  async #run<T>(
    call: Call,
    work: (connection: Connection, how: Submission) => Promise<T>,
    attempt: 1 | 2 = 1,
  ): Promise<T> {
    const { leases, target } = this.#context;
    const acquired = leases.acquire(call);
    const connection = acquired instanceof Promise ? await acquired : acquired;
    const acquireMs = target.clock.now() - call.startedAtMs;
    try {
      return await work(connection, { target, inTransaction: false, acquireMs, attempt, before: undefined });
    } catch (error) {
      if (attempt === 2 || !isRepeatable(error, call)) throw error;
    } finally {
      leases.releaseWhenQuiet(connection);
    }
    return this.#run(call, work, 2);
  }

  #request(o: LeaseOptions): AcquireRequest {
    const deadlineMs = deadlineOf(o, this.#options.timeouts.queryDeadlineMs);
    const askedAtMs = this.#options.clock.now();
    const deadlineAtMs = askedAtMs + deadlineMs;
    return { label: o.label, deadlineMs, deadlineAtMs, signal: o.signal, askedAtMs, watched: true };
  }

  async #start(): Promise<StartupReport> {
    if (this.#closing !== undefined) throw new PostgresClosedError({ pool: this.name });
    const report = await runStartupChecks(this.checks(), this.#options.clock);
    if (report.ok) this.#context.leases.start();
    return report;
  }

  async #close(deadlineMs: number): Promise<CloseReport> {
    const { clock } = this.#options;
    const startedAtMs = clock.now();
    const unknownBefore = this.#counters.unknown;
    const deadlineAtMs = startedAtMs + deadlineMs;
    const [report] = await Promise.all([this.#context.leases.close(deadlineAtMs), this.#listener.close(deadlineAtMs)]);
    publish('closed', () => ({ name: this.name }));
    return {
      ...report,
      durationMs: clock.now() - startedAtMs,
      unknownOutcomes: this.#counters.unknown - unknownBefore,
    };
  }
}

/** The connection had died: the next one may do it, if nothing was sent or the statement may run twice. */
const isRepeatable = (error: unknown, { idempotent }: Call): boolean =>
  error instanceof LeaseLostError && (error.outcome === 'not-sent' || idempotent);

/**
 * Creates a pool. Nothing is opened before `start()` or the first call.
 * @throws {@link PostgresOptionsError} with every problem of the options
 */
export const createPostgres = (options: PostgresOptions): Postgres => {
  const resolved = resolvePostgresOptions(options);
  return new ConnectionManager(resolved, () => new Connector(resolved));
};

/** The start-up checks of a pool; `start()` runs them, and so can a runner of checks. */
export const connectivityChecks = (postgres: Postgres): readonly ConnectivityCheck[] =>
  postgres instanceof ConnectionManager ? postgres.checks() : [];
