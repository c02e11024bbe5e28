import type { CloseReport } from './close-report.ts';
import type { HealthReport } from './health.ts';
import type { Lease } from './lease.ts';
import type { ConnectionRecord } from './lifecycle.ts';
import type { ListenOptions, NotificationHandler } from './listener.ts';
import type { PgPoolFacade } from './pg-port.ts';
import type { Queries, QueryOptions } from './queries.ts';
import type { QueryStats, TopQueriesOptions } from './query-stats.ts';
import type { StartupReport } from './startup-check.ts';
import type { PostgresStats } from './stats.ts';
import type { Tx, TxOptions } from './tx.ts';

export type LeaseOptions = Pick<QueryOptions, 'signal' | 'deadlineMs' | 'label'>;

/** A pool of connections to one PostgreSQL server. Safe to share; every wait is bounded. */
export interface Postgres extends Queries, AsyncDisposable {
  readonly name: string;
  /** Runs `fn` in a transaction; resolves only after the server has answered COMMIT. See {@link TxOptions}. */
  tx<T>(fn: (tx: Tx) => Promise<T>): Promise<T>;
  tx<T>(o: TxOptions, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** One physical connection until `release()` or the end of `await using`. */
  lease(o?: LeaseOptions): Promise<Lease>;
  /**
   * Calls `on` for each NOTIFY on the channel, in the order of the server; resolves once the server hears the channel. Names are case-sensitive (`NOTIFY
   * Orders` sends to `orders`). All channels share one connection besides those of `pool.max`; it is opened for the first and ended behind the last. A lost
   * one is replaced, and `onGap` told: what was sent meanwhile is lost. Disposing ends it. What a handler throws goes to the channel `listener-error`.
   * @throws {@link ArgumentInvalidError} for a name that is empty or longer than 63 bytes
   * @throws {@link PoolerUnsupportedError} behind a transaction pooler
   */
  listen(channel: string, on: NotificationHandler, o?: ListenOptions): Promise<AsyncDisposable>;
  /** Checks the server and opens `pool.minIdle` connections. Concurrent callers share one run; it reports, and throws only after `close`. */
  start(): Promise<StartupReport>;
  /**
   * Resolves once so many connections are open and not leased; rejects with why not. What is above `pool.minIdle` ends again after `pool.idleTimeoutMs`.
   * Default: `pool.minIdle`. Range: 0..pool.max.
   */
  warmup(connections?: number): Promise<void>;
  /**
   * Judged by the numbers at hand, without I/O. With `deep` the server is asked as well, on a connection of this generation and for at most 1 s, unless that
   * would take the last one that is free; `probeMs` says how long it took. What a probe has found counts for 30 s.
   * @throws {@link PostgresAbortedError} when the signal of a deep one is aborted
   */
  health(): HealthReport;
  health(o: { readonly deep: true; readonly signal?: AbortSignal }): Promise<HealthReport>;
  stats(): PostgresStats;
  /** What statements have cost since creation, those that cost most first. At most `statistics.fingerprints` are told apart. */
  topQueries(o?: TopQueriesOptions): QueryStats[];
  /** The lives of the last 256 connections that ended, the oldest first, and of those that are open. */
  lifecycle(): readonly ConnectionRecord[];
  /**
   * Replaces all connections without dropping work, for example after a change of credentials: idle ones end now, leased ones when they
   * come back. Once it resolves, nobody gets a connection that was begun before it.
   */
  recycle(reason?: string): Promise<void>;
  /**
   * Its connections as a `pg.Pool`, for an ORM: `instanceof pg.Pool`, the same object each time. It shares the queue, the deadlines and the statistics; what
   * the server refuses is the driver's own error. BEGIN, COMMIT and SAVEPOINT are for a client of `connect()`: given to the pool they are a
   * {@link TxControlError}. A COMMIT that the server answers with ROLLBACK is a {@link CommitRolledBackError}. Its `end()` does nothing.
   */
  asPgPool(): PgPoolFacade;
  /** Ends the pool: waiters are refused, leases may finish until the deadline (default: 10_000 ms), then they are cut off. Never rejects. */
  close(o?: { readonly deadlineMs?: number }): Promise<CloseReport>;
}
