import { systemClock, systemTimers, type Clock, type Timers } from '@busbar/retry';

import { checkNumber, refuseUnknown, withDefaults } from './check-options.ts';
import type { UrlParts } from './connection-url.ts';
import {
  credentialsFromFile,
  credentialsFromPassword,
  sharedCredentials,
  type CredentialsProvider,
} from './credentials.ts';
import { resolveGuard, type ResolvedGuard } from './guard/guard-options.ts';
import type { ResolvedLeak } from './leak.ts';
import { POSTGRES_DEFAULTS, POSTGRES_LIMITS } from './option-limits.ts';
import {
  type KeepAliveOptions,
  type LeakOptions,
  type PoolOptions,
  type PostgresOptions,
  type RetryOptions,
  type StatementOptions,
  type StatisticsOptions,
  type TimeoutOptions,
  type TxRetryCause,
} from './options.ts';
import { mergeUrl, resolveServers } from './resolve-servers.ts';
import { resolvePooler, resolveSession } from './resolve-session.ts';
import { resolveKeepAlive, resolveTls } from './resolve-transport.ts';
import type { Pooler, ResolvedSession } from './session.ts';
import type { Target, TargetSessionAttrs } from './targets.ts';
import type { ResolvedTls } from './tls.ts';
import { PostgresOptionsError } from './usage-errors.ts';

/** Validated, complete and frozen. No secret is in it: the password is behind `credentials`, PEM texts behind `tls.material()`. */
export interface ResolvedPostgresOptions {
  readonly name: string;
  /** Whose the connections are: of the pool itself, or of one that it adapts. */
  readonly mode: 'owned' | 'adapted';
  readonly targets: readonly [Target, ...Target[]];
  /** Of the first target. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly targetSessionAttrs: TargetSessionAttrs;
  readonly credentials: CredentialsProvider;
  readonly tls: ResolvedTls;
  readonly keepAlive: Readonly<Required<KeepAliveOptions>>;
  readonly session: ResolvedSession;
  readonly pooler: Pooler;
  readonly pool: Readonly<Required<PoolOptions>>;
  readonly timeouts: Readonly<Required<TimeoutOptions>>;
  readonly retry: ResolvedTxRetry;
  readonly maxRows: number;
  readonly guard: ResolvedGuard;
  readonly statements: Readonly<Required<StatementOptions>>;
  readonly leak: ResolvedLeak;
  readonly slowQueryMs: number;
  readonly statistics: Readonly<Required<StatisticsOptions>>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
}

export interface ResolvedTxRetry {
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly on: readonly TxRetryCause[];
}

const RETRY_CAUSES: readonly string[] = ['serialization', 'deadlock', 'lock-timeout', 'read-only', 'connection'];
const KNOWN_KEYS = {
  '': 'name url host port targets database user targetSessionAttrs password passwordFile credentials tls keepAlive session pooler poolerPreparedStatements pool timeouts retry maxRows guard statements leak slowQueryMs statistics clock timers random'.split(
    ' ',
  ),
  'session.': ['searchPath', 'role', 'applicationName', 'timeZone', 'gucs', 'setup'],
  'pool.': [...Object.keys(POSTGRES_LIMITS.pool), 'reset'],
  'timeouts.': [...Object.keys(POSTGRES_LIMITS.timeouts), 'queryDeadlineMs'],
  'leak.': [...Object.keys(POSTGRES_LIMITS.leak), 'stack'],
  'statements.': Object.keys(POSTGRES_LIMITS.statements),
  'statistics.': Object.keys(POSTGRES_LIMITS.statistics),
  'retry.': [...Object.keys(POSTGRES_LIMITS.retry), 'on'],
} as const;

const refuseUnknownKeys = (prefix: keyof typeof KNOWN_KEYS, given: object | undefined, issues: string[]): void => {
  refuseUnknown(given, { prefix, known: KNOWN_KEYS[prefix], issues });
};

const resolveTimeouts = (options: PostgresOptions, issues: string[]): Required<TimeoutOptions> => {
  const given = options.timeouts;
  const server = withDefaults(given, {
    prefix: 'timeouts.',
    defaults: POSTGRES_DEFAULTS.timeouts,
    limits: POSTGRES_LIMITS.timeouts,
    issues,
  });
  const queryDeadlineMs = given?.queryDeadlineMs ?? server.statementMs + POSTGRES_DEFAULTS.queryMarginMs;
  checkNumber('timeouts.queryDeadlineMs', queryDeadlineMs, { limit: POSTGRES_LIMITS.queryDeadlineMs, issues });
  if (server.lockMs >= server.statementMs) issues.push('timeouts.lockMs: must be below timeouts.statementMs');
  if (server.idleInTransactionMs <= server.statementMs)
    issues.push('timeouts.idleInTransactionMs: must be above timeouts.statementMs');
  if (server.transactionMs > 0 && server.transactionMs <= server.statementMs)
    issues.push('timeouts.transactionMs: must be above timeouts.statementMs');
  if (queryDeadlineMs <= server.statementMs)
    issues.push('timeouts.queryDeadlineMs: must be above timeouts.statementMs');
  return Object.freeze({ ...server, queryDeadlineMs });
};

const SESSION_RESETS: readonly string[] = ['none', 'discard'];

const resolvePool = (options: PostgresOptions, issues: string[]): Required<PoolOptions> => {
  const { reset = POSTGRES_DEFAULTS.poolReset, ...numbers } = options.pool ?? {};
  const pool = withDefaults(numbers, {
    prefix: 'pool.',
    defaults: POSTGRES_DEFAULTS.pool,
    limits: POSTGRES_LIMITS.pool,
    issues,
  });
  if (pool.minIdle > pool.max) issues.push('pool.minIdle: must not be above pool.max');
  if (!SESSION_RESETS.includes(reset)) issues.push(`pool.reset: expected ${SESSION_RESETS.join(', ')}`);
  return Object.freeze({ ...pool, reset });
};

const resolveRetry = (given: RetryOptions | undefined, base: ResolvedTxRetry, issues: string[]): ResolvedTxRetry => {
  refuseUnknownKeys('retry.', given, issues);
  const { on: baseOn, ...defaults } = base;
  const { on: givenOn, ...numbers } = given ?? {};
  const retry = withDefaults(numbers, { prefix: 'retry.', defaults, limits: POSTGRES_LIMITS.retry, issues });
  if (retry.baseMs > retry.maxMs) issues.push('retry.baseMs: must not be above retry.maxMs');
  const on = givenOn ?? baseOn;
  for (const cause of on)
    if (!RETRY_CAUSES.includes(cause)) issues.push(`retry.on: expected ${RETRY_CAUSES.join(', ')}`);
  return Object.freeze({ ...retry, on: Object.freeze([...on]) });
};

const resolveStatements = (options: PostgresOptions, issues: string[]): Required<StatementOptions> => {
  const statements = withDefaults(options.statements, {
    prefix: 'statements.',
    defaults: POSTGRES_DEFAULTS.statements,
    limits: POSTGRES_LIMITS.statements,
    issues,
  });
  const { poolerPreparedStatements = POSTGRES_DEFAULTS.poolerPreparedStatements } = options;
  return options.pooler === 'transaction' && !poolerPreparedStatements
    ? Object.freeze({ ...statements, cacheSize: 0 })
    : statements;
};

const LEAK_STACKS: readonly string[] = ['never', 'sampled', 'adaptive', 'always'];

const resolveLeak = (given: LeakOptions | undefined, issues: string[]): ResolvedLeak => {
  refuseUnknownKeys('leak.', given, issues);
  const { stack = POSTGRES_DEFAULTS.leakStack, ...numbers } = given ?? {};
  const leak = withDefaults(numbers, {
    prefix: 'leak.',
    defaults: POSTGRES_DEFAULTS.leak,
    limits: POSTGRES_LIMITS.leak,
    issues,
  });
  if (!LEAK_STACKS.includes(stack)) issues.push(`leak.stack: expected ${LEAK_STACKS.join(', ')}`);
  if (leak.reclaimAfterMs > 0 && leak.reclaimAfterMs < leak.warnAfterMs)
    issues.push('leak.reclaimAfterMs: must not be below leak.warnAfterMs');
  return Object.freeze({ ...leak, stack });
};

/** The pool's retry with what one transaction wants differently. @throws {@link PostgresOptionsError} */
export const resolveTxRetry = (
  given: RetryOptions | undefined,
  o: { base: ResolvedTxRetry; name: string },
): ResolvedTxRetry => {
  if (given === undefined) return o.base;
  const issues: string[] = [];
  const retry = resolveRetry(given, o.base, issues);
  if (issues.length > 0) throw new PostgresOptionsError({ name: o.name, issues });
  return retry;
};

const resolveCredentials = (options: PostgresOptions, url: UrlParts, issues: string[]): CredentialsProvider => {
  const password = options.password ?? url.password;
  const { passwordFile, credentials } = options;
  const given = [password, passwordFile, credentials].filter((source) => source !== undefined);
  if (given.length > 1 || (options.password !== undefined && url.password !== undefined))
    issues.push('password: give one of password, passwordFile, credentials, or a password in url');
  if (credentials !== undefined) return sharedCredentials(credentials);
  if (passwordFile !== undefined) return credentialsFromFile({ passwordFile });
  // No source at all is legal: a client certificate or the server's trust may do. A server that asks anyway refuses the empty one.
  return credentialsFromPassword(password ?? '');
};

/**
 * Copies, validates and freezes the options.
 * @throws {@link PostgresOptionsError} with every problem in `details.issues`; unknown keys are problems.
 */
export const resolvePostgresOptions = (options: PostgresOptions): ResolvedPostgresOptions => {
  const issues: string[] = [];
  refuseUnknownKeys('', options, issues);
  refuseUnknownKeys('pool.', options.pool, issues);
  refuseUnknownKeys('timeouts.', options.timeouts, issues);
  refuseUnknownKeys('session.', options.session, issues);
  refuseUnknownKeys('statements.', options.statements, issues);
  refuseUnknownKeys('statistics.', options.statistics, issues);
  const url = mergeUrl(options, issues);
  const name = options.name ?? POSTGRES_DEFAULTS.name;
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) issues.push('name: expected ^[a-z][a-z0-9-]{0,62}$');
  const { maxRows = POSTGRES_DEFAULTS.maxRows, slowQueryMs = POSTGRES_DEFAULTS.slowQueryMs } = options;
  checkNumber('maxRows', maxRows, { limit: POSTGRES_LIMITS.maxRows, issues });
  checkNumber('slowQueryMs', slowQueryMs, { limit: POSTGRES_LIMITS.slowQueryMs, issues });
  const resolved = {
    name,
    mode: 'owned' as const,
    ...resolveServers(options, url, issues),
    credentials: resolveCredentials(options, url, issues),
    tls: resolveTls(options.tls, url, issues),
    keepAlive: resolveKeepAlive(options.keepAlive, issues),
    session: resolveSession(options.session, url, issues),
    pool: resolvePool(options, issues),
    timeouts: resolveTimeouts(options, issues),
    retry: resolveRetry(options.retry, { ...POSTGRES_DEFAULTS.retry, on: POSTGRES_DEFAULTS.retryOn }, issues),
    maxRows,
    guard: resolveGuard(options.guard, issues),
    pooler: resolvePooler(options, issues),
    statements: resolveStatements(options, issues),
    leak: resolveLeak(options.leak, issues),
    slowQueryMs,
    statistics: withDefaults(options.statistics, {
      prefix: 'statistics.',
      defaults: POSTGRES_DEFAULTS.statistics,
      limits: POSTGRES_LIMITS.statistics,
      issues,
    }),
    clock: options.clock ?? systemClock,
    timers: options.timers ?? systemTimers,
    random: options.random ?? Math.random,
  };
  if (issues.length > 0) throw new PostgresOptionsError({ name, issues });
  return Object.freeze(resolved);
};
