import type { Clock, Timers } from '@busbar/retry';

import type { CredentialsProvider } from './credentials.ts';
import type { LeakStacks } from './leak.ts';
import type { Pooler, SetupFunction } from './session.ts';
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
  /**
   * TLS from the first byte on (libpq: `sslnegotiation=direct`): a round trip less for each connection. From PostgreSQL 17 on; an older server, and a
   * pooler, end the connection. Default: false.
   */
  readonly direct?: boolean;
  /**
   * The login is bound to the server's certificate (SCRAM-SHA-256-PLUS), so that nobody in between can pass it on, whatever certificate he shows. A
   * server that does not do it is refused. Default: false.
   */
  readonly channelBinding?: boolean;
}

/** TCP keep-alive: a peer that is gone is noticed although nothing is sent. */
export interface KeepAliveOptions {
  /** Default: true. */
  readonly enabled?: boolean;
  /** Rest before the first probe; the operating system's own is often two hours. Default: 10_000 ms. Range: from 1_000. */
  readonly initialDelayMs?: number;
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
   * Whose stack is taken: nobody's, one in 256, also one a millisecond while others wait and that of those whose label was held for half of
   * `warnAfterMs` before, everybody's.
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
  /**
   * Several servers, in place of `host` and `port`: `host:port`, or `host` for port 5432. They are tried in this order, each by all its addresses, until
   * one is what `targetSessionAttrs` asks for. All share `pool.connectTimeoutMs`. Range: 1..16 servers.
   */
  readonly targets?: readonly string[];
  readonly database?: string;
  readonly user?: string;
  /** What a server has to be; one that is something else is left. As in libpq. Default: `read-write`. */
  readonly targetSessionAttrs?: TargetSessionAttrs;
  readonly password?: string;
  /** File that holds the password, read for each connection; one trailing newline is cut off. */
  readonly passwordFile?: string;
  /** Asked for the password of each connection, or as long as it says that the last one is good. */
  readonly credentials?: CredentialsProvider;
  readonly tls?: TlsOptions;
  readonly keepAlive?: KeepAliveOptions;
  readonly session?: SessionOptions;
  /**
   * What is between the pool and its server. Behind a pooler per `transaction` the settings of the session are sent with each transaction, nothing is prepared,
   * and what needs a session of its own is refused. Default: `none`.
   */
  readonly pooler?: Pooler;
  /** The pooler knows prepared statements (PgBouncer from 1.21 on). Default: false. */
  readonly poolerPreparedStatements?: boolean;
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
  /** Numbers in [0, 1) for jitter and samples. Default: `Math.random`. */
  readonly random?: () => number;
}
