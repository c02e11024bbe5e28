import type { Clock, Timers } from '@busbar/retry';

import type { CredentialsProvider } from './credentials.ts';
import type { LeakStacks } from './leak.ts';
import type { SetupFunction } from './session.ts';
import type { TargetSessionAttrs } from './targets.ts';

/** How far the server's identity is checked. `verify-full` checks chain and host name, `verify-ca` the chain; `require` only encrypts. */
export type TlsMode = 'disable' | 'require' | 'verify-ca' | 'verify-full';

export interface TlsOptions {
  /** Default: `verify-full`. */
  readonly mode?: TlsMode;
  /** PEM of the certificate authorities to trust. Default: those of Node.js. */
  readonly ca?: string;
  /** PEM of the client certificate; needs `key`. */
  readonly cert?: string;
  /** PEM of the client certificate's private key; needs `cert`. */
  readonly key?: string;
  /** The name the server's certificate must carry. Default: the host. */
  readonly serverName?: string;
}

/** Set once per connection, in the start-up message: no round trip, nothing repeated at checkout. */
export interface SessionOptions {
  /** Schemas, in order. Default: the server's. At most 63 bytes each. */
  readonly searchPath?: readonly string[];
  /** Role whose privileges the session has; the user must be a member of it. Default: the user. At most 63 bytes. */
  readonly role?: string;
  /** Shown in `pg_stat_activity`. Default: `busbar`. At most 63 bytes. */
  readonly applicationName?: string;
  /** Default: `UTC`. */
  readonly timeZone?: string;
  /** Further server settings by name. At most 32. A name the server does not know refuses the connection. */
  readonly gucs?: Readonly<Record<string, string>>;
  /** Runs on each new connection before its first lease, at most `pool.setupTimeoutMs`; a rejection retires the connection. */
  readonly setup?: SetupFunction;
}

export type SessionReset = 'none' | 'discard';

export interface PoolOptions {
  /** Connections open at most, counted by sockets that are really open. Default: 10. Range: 1..1_000. */
  readonly max?: number;
  /** Idle connections kept ready. Default: 0. Range: 0..max. */
  readonly minIdle?: number;
  /** Callers that may wait for a busy pool; one more is refused at once. Default: 500. Range: 0..100_000. */
  readonly maxQueue?: number;
  /** Longest wait for a lease. Default: 5_000 ms. Range: 100..600_000. */
  readonly acquireTimeoutMs?: number;
  /** Longest wait for socket, TLS and authentication. Default: 5_000 ms. Range: 100..600_000. */
  readonly connectTimeoutMs?: number;
  /** Longest run of `session.setup`. Default: 5_000 ms. Range: 100..600_000. */
  readonly setupTimeoutMs?: number;
  /** An idle connection above `minIdle` is closed after this. Default: 30_000 ms. Range: from 1_000. */
  readonly idleTimeoutMs?: number;
  /** Age at which a connection is replaced. Default: 1_800_000 ms. Range: from 60_000. */
  readonly maxLifetimeMs?: number;
  /** Share of the lifetime that is drawn at random, once per connection, so that they do not end together. Default: 0.1. Range: 0..0.5. */
  readonly lifetimeJitterRatio?: number;
  /** A connection used within this time is handed out without a probe. Default: 1_000 ms. Range: 0..60_000; 0 = always probe. */
  readonly validateAfterIdleMs?: number;
  /** Longest wait for the probe's answer. Default: 1_000 ms. Range: 100..600_000. */
  readonly validationTimeoutMs?: number;
  /**
   * What happens to a connection whose session was changed (SET, temporary tables, advisory locks, LISTEN) before somebody else gets it: nothing,
   * or DISCARD ALL and the set-up again. Default: `none`.
   */
  readonly reset?: SessionReset;
  /** A connection that was said goodbye is cut off after this. Default: 5_000 ms. Range: 100..600_000. */
  readonly closeTimeoutMs?: number;
  /** Connections opened at the same time: no herd on a recovering server. Default: 2. Range: 1..32. */
  readonly connectConcurrency?: number;
}

export interface TimeoutOptions {
  /** `statement_timeout` on the server. Default: 15_000 ms. Range: from 100. */
  readonly statementMs?: number;
  /** `lock_timeout` on the server, below `statementMs`. Default: 5_000 ms. Range: from 100. */
  readonly lockMs?: number;
  /** `idle_in_transaction_session_timeout` on the server, above `statementMs`. Default: 60_000 ms. Range: from 100. */
  readonly idleInTransactionMs?: number;
  /** `transaction_timeout` on the server, above `statementMs`. Default: 0. Range: from 0; 0 = off; from PostgreSQL 17 on, without effect before. */
  readonly transactionMs?: number;
  /** Budget of one call on the client, waiting for a connection included; above `statementMs`. Default: `statementMs` + 5_000 ms. */
  readonly queryDeadlineMs?: number;
  /** After a cancel request, how long the connection may take to answer before it is cut off. Default: 1_000 ms. Range: from 50. */
  readonly cancelGraceMs?: number;
  /** How long an overdue COMMIT may still answer before its outcome is given up as unknown. Default: 5_000 ms. Range: from 50. */
  readonly commitGraceMs?: number;
}

/** Failures that a transaction may be repeated for, as a whole. */
export type TxRetryCause = 'serialization' | 'deadlock' | 'lock-timeout' | 'read-only' | 'connection';

export interface RetryOptions {
  /** The first attempt included. Default: 4. Range: 1..20. */
  readonly maxAttempts?: number;
  /** Scale of the delay before the first repetition; full jitter, doubled each time. Default: 5 ms. Range: 1..maxMs. */
  readonly baseMs?: number;
  /** Bound of one delay. Default: 250 ms. Range: 1..60_000. */
  readonly maxMs?: number;
  /** Default: serialization failures and deadlocks. */
  readonly on?: readonly TxRetryCause[];
}

/** Points of the query guard for each occurrence; 0 = not counted. Range: 0..100 each. */
export interface GuardWeightOptions {
  /** JOIN, and a comma between tables. Default: 2. */
  readonly join?: number;
  /** A query in parentheses. Default: 3. */
  readonly subselect?: number;
  /** UNION, INTERSECT, EXCEPT. Default: 4. */
  readonly union?: number;
  /** LIKE with a pattern that begins with `%`. Default: 5. */
  readonly leadingWildcard?: number;
  /** `~`, `~*`, `!~`, `!~*`, SIMILAR TO. Default: 6. */
  readonly regex?: number;
  /** array_agg, string_agg, generate_series, RECURSIVE. Default: 3. */
  readonly expensiveFunction?: number;
  /** ORDER BY of the whole result without LIMIT or FETCH. Default: 2. */
  readonly unlimitedOrder?: number;
  /** UPDATE or DELETE without WHERE. Default: 8. */
  readonly unfilteredWrite?: number;
}

/** Judges statements by their text before they are sent. Advisory: the limits that hold are those of the server. */
export interface GuardOptions {
  /** What happens to a statement over a limit: nothing (`off`), it is counted (`observe`), published (`warn`), refused (`block`). Default: `observe`. */
  readonly mode?: GuardMode;
  /** Highest score that passes. Default: 20. Range: 1..1_000. */
  readonly maxScore?: number;
  readonly weights?: GuardWeightOptions;
  /** Longest text that passes, in UTF-8; rows of VALUES behind the first are not counted. Default: 65_536 bytes. Range: 1_024..1_073_741_824. */
  readonly maxTextBytes?: number;
  /** Verdicts remembered. Default: 500. Range: 16..100_000. */
  readonly cacheSize?: number;
}

export type GuardMode = 'off' | 'observe' | 'warn' | 'block';

/** Prepared statements of each connection: what is used often is parsed and planned once. */
export interface StatementOptions {
  /** Prepared at the same time on one connection; the one that was not used for longest is closed. Default: 100. Range: 0..10_000; 0 = none at all. */
  readonly cacheSize?: number;
  /** A statement is prepared anew after this, so that its plan follows the data. Default: 300_000 ms. Range: from 0; 0 = never. */
  readonly ttlMs?: number;
  /** Uses in the pool after which a statement is prepared by itself. Default: 3. Range: 0..1_000; 0 = only what has a `name`. */
  readonly autoPrepareAfter?: number;
}

/** A connection that is held for long is reported: a lease that is never given back, or a transaction that waits for something else. */
export interface LeakOptions {
  /** Held for this long, it is published as `leak` and makes the pool degraded. Default: 30_000 ms. Range: from 100. */
  readonly warnAfterMs?: number;
  /**
   * Whose stack is taken: nobody's, one in 256, also that of those who wait or whose label was held for half of `warnAfterMs` before, everybody's.
   * Default: `adaptive`.
   */
  readonly stack?: LeakStacks;
  /** Held for this long, and with nothing running on it, the connection is ended. Default: 0. Range: 0, or from `warnAfterMs`; 0 = never. */
  readonly reclaimAfterMs?: number;
}

export interface StatisticsOptions {
  /** Statements that are told apart in `topQueries()`; further ones fold into `other`. Default: 500. Range: 1..10_000. */
  readonly fingerprints?: number;
}

export interface PostgresOptions {
  /** Names this pool in errors, channels and metrics. Default: `default`. */
  readonly name?: string;
  /** `postgres://user:password@host:port/database?sslmode=…`, in place of the single fields. Split once, never kept. */
  readonly url?: string;
  readonly host?: string;
  /** Default: 5432. */
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  /** What the server has to be; one that is something else is left. Default: `read-write`. */
  readonly targetSessionAttrs?: TargetSessionAttrs;
  readonly password?: string;
  /** File that holds the password, read for each connection; one trailing newline is cut off. */
  readonly passwordFile?: string;
  /** Asked for the password of each connection. */
  readonly credentials?: CredentialsProvider;
  readonly tls?: TlsOptions;
  readonly session?: SessionOptions;
  readonly pool?: PoolOptions;
  readonly timeouts?: TimeoutOptions;
  readonly retry?: RetryOptions;
  /** Rows a read may return; more is an error and the server stops there. Default: 100_000. Range: from 1. */
  readonly maxRows?: number;
  readonly guard?: GuardOptions;
  readonly statements?: StatementOptions;
  readonly leak?: LeakOptions;
  /** A statement that took this long, its wait for a connection not counted, is published as `query-slow`. Default: 1_000 ms. Range: from 1. */
  readonly slowQueryMs?: number;
  readonly statistics?: StatisticsOptions;
  /** Monotonic clock. Default: the system's. */
  readonly clock?: Clock;
  /** Default: the system's. */
  readonly timers?: Timers;
  /** Numbers in [0, 1) for jitter. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The defaults of every number and closed choice. `timeouts.queryDeadlineMs` is `statementMs` + `queryMarginMs`. */
export const POSTGRES_DEFAULTS = Object.freeze({
  name: 'default',
  port: 5432,
  targetSessionAttrs: 'read-write',
  tlsMode: 'verify-full',
  applicationName: 'busbar',
  timeZone: 'UTC',
  maxRows: 100_000,
  queryMarginMs: 5_000,
  poolReset: 'none',
  pool: Object.freeze({
    max: 10,
    minIdle: 0,
    maxQueue: 500,
    acquireTimeoutMs: 5_000,
    connectTimeoutMs: 5_000,
    setupTimeoutMs: 5_000,
    idleTimeoutMs: 30_000,
    maxLifetimeMs: 1_800_000,
    lifetimeJitterRatio: 0.1,
    validateAfterIdleMs: 1_000,
    validationTimeoutMs: 1_000,
    closeTimeoutMs: 5_000,
    connectConcurrency: 2,
  }),
  timeouts: Object.freeze({
    statementMs: 15_000,
    lockMs: 5_000,
    idleInTransactionMs: 60_000,
    transactionMs: 0,
    cancelGraceMs: 1_000,
    commitGraceMs: 5_000,
  }),
  retry: Object.freeze({ maxAttempts: 4, baseMs: 5, maxMs: 250 }),
  retryOn: Object.freeze(['serialization', 'deadlock'] as const),
  guardMode: 'observe',
  guard: Object.freeze({ maxScore: 20, maxTextBytes: 65_536, cacheSize: 500 }),
  guardWeights: Object.freeze({
    join: 2,
    subselect: 3,
    union: 4,
    leadingWildcard: 5,
    regex: 6,
    expensiveFunction: 3,
    unlimitedOrder: 2,
    unfilteredWrite: 8,
  }),
  statements: Object.freeze({ cacheSize: 100, ttlMs: 300_000, autoPrepareAfter: 3 }),
  leak: Object.freeze({ warnAfterMs: 30_000, reclaimAfterMs: 0 }),
  leakStack: 'adaptive',
  slowQueryMs: 1_000,
  statistics: Object.freeze({ fingerprints: 500 }),
} as const);

export interface NumberLimit {
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

/** The longest delay a Node.js timer can hold. */
const MAX_MS = 2_147_483_647;
const MAX_STRING_BYTES = 1_073_741_824;
const integer = (min: number, max: number): NumberLimit => Object.freeze({ min, max, integer: true });
const weight = integer(0, 100);

/** The range of every number, ends included. */
export const POSTGRES_LIMITS = Object.freeze({
  port: integer(1, 65_535),
  maxRows: integer(1, MAX_MS),
  pool: Object.freeze({
    max: integer(1, 1_000),
    minIdle: integer(0, 1_000),
    maxQueue: integer(0, 100_000),
    acquireTimeoutMs: integer(100, 600_000),
    connectTimeoutMs: integer(100, 600_000),
    setupTimeoutMs: integer(100, 600_000),
    idleTimeoutMs: integer(1_000, MAX_MS),
    maxLifetimeMs: integer(60_000, MAX_MS),
    lifetimeJitterRatio: Object.freeze({ min: 0, max: 0.5, integer: false }),
    validateAfterIdleMs: integer(0, 60_000),
    validationTimeoutMs: integer(100, 600_000),
    closeTimeoutMs: integer(100, 600_000),
    connectConcurrency: integer(1, 32),
  }),
  timeouts: Object.freeze({
    statementMs: integer(100, MAX_MS),
    lockMs: integer(100, MAX_MS),
    idleInTransactionMs: integer(100, MAX_MS),
    transactionMs: integer(0, MAX_MS),
    cancelGraceMs: integer(50, 600_000),
    commitGraceMs: integer(50, 600_000),
  }),
  queryDeadlineMs: integer(100, MAX_MS),
  retry: Object.freeze({ maxAttempts: integer(1, 20), baseMs: integer(1, 60_000), maxMs: integer(1, 60_000) }),
  guard: Object.freeze({
    maxScore: integer(1, 1_000),
    maxTextBytes: integer(1_024, MAX_STRING_BYTES),
    cacheSize: integer(16, 100_000),
  }),
  guardWeights: Object.freeze({
    join: weight,
    subselect: weight,
    union: weight,
    leadingWildcard: weight,
    regex: weight,
    expensiveFunction: weight,
    unlimitedOrder: weight,
    unfilteredWrite: weight,
  }),
  statements: Object.freeze({
    cacheSize: integer(0, 10_000),
    ttlMs: integer(0, MAX_MS),
    autoPrepareAfter: integer(0, 1_000),
  }),
  leak: Object.freeze({ warnAfterMs: integer(100, MAX_MS), reclaimAfterMs: integer(0, MAX_MS) }),
  slowQueryMs: integer(1, MAX_MS),
  statistics: Object.freeze({ fingerprints: integer(1, 10_000) }),
  gucs: 32,
  nameBytes: 63,
});
