import { Setting } from '@busbar/config';
import { POSTGRES_DEFAULTS as DEFAULTS, POSTGRES_LIMITS as LIMITS } from '@busbar/postgres';

import { count, duration, size } from './limits.ts';

const { durationMs, group, hostPort, int, list, map, oneOf, optional, ratio, secret, sizeBytes, string } = Setting;

const name = { maxLength: LIMITS.nameBytes };

const pool = group({
  max: int(count(LIMITS.pool.max, DEFAULTS.pool.max, 'connections open at most')),
  minIdle: int(count(LIMITS.pool.minIdle, DEFAULTS.pool.minIdle, 'idle connections kept ready')),
  maxQueue: int(count(LIMITS.pool.maxQueue, DEFAULTS.pool.maxQueue, 'callers that may wait for a busy pool')),
  acquireTimeoutMs: durationMs(
    duration(LIMITS.pool.acquireTimeoutMs, DEFAULTS.pool.acquireTimeoutMs, 'longest wait for a connection of the pool'),
  ),
  connectTimeoutMs: durationMs(
    duration(
      LIMITS.pool.connectTimeoutMs,
      DEFAULTS.pool.connectTimeoutMs,
      'longest wait for socket, TLS and authentication',
    ),
  ),
  setupTimeoutMs: durationMs(
    duration(LIMITS.pool.setupTimeoutMs, DEFAULTS.pool.setupTimeoutMs, 'longest set-up of a new session'),
  ),
  idleTimeoutMs: durationMs(
    duration(
      LIMITS.pool.idleTimeoutMs,
      DEFAULTS.pool.idleTimeoutMs,
      'an idle connection above minIdle is closed after this',
    ),
  ),
  maxLifetimeMs: durationMs(
    duration(LIMITS.pool.maxLifetimeMs, DEFAULTS.pool.maxLifetimeMs, 'age at which a connection is replaced'),
  ),
  lifetimeJitterRatio: ratio(
    count(LIMITS.pool.lifetimeJitterRatio, DEFAULTS.pool.lifetimeJitterRatio, 'share of the lifetime drawn at random'),
  ),
  validateAfterIdleMs: durationMs(
    duration(
      LIMITS.pool.validateAfterIdleMs,
      DEFAULTS.pool.validateAfterIdleMs,
      'used within this time, a connection is not probed; 0 = always',
    ),
  ),
  validationTimeoutMs: durationMs(
    duration(LIMITS.pool.validationTimeoutMs, DEFAULTS.pool.validationTimeoutMs, 'longest wait for a probe'),
  ),
  reset: oneOf(['none', 'discard'], {
    default: DEFAULTS.poolReset,
    doc: 'what happens to a changed session before the next borrower: nothing, DISCARD ALL',
  }),
  closeTimeoutMs: durationMs(
    duration(
      LIMITS.pool.closeTimeoutMs,
      DEFAULTS.pool.closeTimeoutMs,
      'a connection that was said goodbye is cut off after this',
    ),
  ),
  connectConcurrency: int(
    count(LIMITS.pool.connectConcurrency, DEFAULTS.pool.connectConcurrency, 'connections opened at the same time'),
  ),
});

const timeouts = group({
  statementMs: durationMs(
    duration(LIMITS.timeouts.statementMs, DEFAULTS.timeouts.statementMs, 'statement_timeout on the server'),
  ),
  lockMs: durationMs(duration(LIMITS.timeouts.lockMs, DEFAULTS.timeouts.lockMs, 'lock_timeout on the server')),
  idleInTransactionMs: durationMs(
    duration(
      LIMITS.timeouts.idleInTransactionMs,
      DEFAULTS.timeouts.idleInTransactionMs,
      'idle_in_transaction_session_timeout on the server',
    ),
  ),
  transactionMs: durationMs(
    duration(
      LIMITS.timeouts.transactionMs,
      DEFAULTS.timeouts.transactionMs,
      'transaction_timeout on the server from version 17 on; 0 = off',
    ),
  ),
  queryDeadlineMs: durationMs({
    min: LIMITS.queryDeadlineMs.min,
    doc: 'budget of one call on the client, waiting for a connection included',
  }),
  cancelGraceMs: durationMs(
    duration(LIMITS.timeouts.cancelGraceMs, DEFAULTS.timeouts.cancelGraceMs, 'time to answer after a cancel request'),
  ),
  commitGraceMs: durationMs(
    duration(LIMITS.timeouts.commitGraceMs, DEFAULTS.timeouts.commitGraceMs, 'time an overdue COMMIT may still answer'),
  ),
});

const weight = (of: keyof typeof DEFAULTS.guardWeights, doc: string) =>
  int(count(LIMITS.guardWeights[of], DEFAULTS.guardWeights[of], `points for each ${doc}`));

const guard = group({
  mode: oneOf(['off', 'observe', 'warn', 'block'], {
    default: DEFAULTS.guardMode,
    doc: 'what happens to a statement over a limit: nothing, counted, published, refused',
  }),
  maxScore: int(count(LIMITS.guard.maxScore, DEFAULTS.guard.maxScore, 'highest score of a statement that passes')),
  maxTextBytes: sizeBytes(
    size(LIMITS.guard.maxTextBytes, DEFAULTS.guard.maxTextBytes, 'longest statement that passes'),
  ),
  cacheSize: int(count(LIMITS.guard.cacheSize, DEFAULTS.guard.cacheSize, 'verdicts remembered')),
  weights: group({
    join: weight('join', 'join'),
    subselect: weight('subselect', 'query in parentheses'),
    union: weight('union', 'UNION, INTERSECT or EXCEPT'),
    leadingWildcard: weight('leadingWildcard', 'LIKE pattern that begins with %'),
    regex: weight('regex', 'regular expression'),
    expensiveFunction: weight('expensiveFunction', 'array_agg, string_agg, generate_series or RECURSIVE'),
    unlimitedOrder: weight('unlimitedOrder', 'ORDER BY of a whole result without LIMIT'),
    unfilteredWrite: weight('unfilteredWrite', 'UPDATE or DELETE without WHERE'),
  }),
});

const statements = group({
  cacheSize: int(
    count(LIMITS.statements.cacheSize, DEFAULTS.statements.cacheSize, 'prepared statements of a connection; 0 = none'),
  ),
  ttlMs: durationMs(
    duration(LIMITS.statements.ttlMs, DEFAULTS.statements.ttlMs, 'a statement is prepared anew after this; 0 = never'),
  ),
  autoPrepareAfter: int(
    count(
      LIMITS.statements.autoPrepareAfter,
      DEFAULTS.statements.autoPrepareAfter,
      'uses after which a statement is prepared by itself; 0 = only named ones',
    ),
  ),
});

const leak = group({
  warnAfterMs: durationMs(
    duration(LIMITS.leak.warnAfterMs, DEFAULTS.leak.warnAfterMs, 'a connection held for this long is reported'),
  ),
  stack: oneOf(['never', 'sampled', 'adaptive', 'always'], {
    default: DEFAULTS.leakStack,
    doc: 'whose stacks are taken: none, 1 in 256, also those of suspects, all',
  }),
  reclaimAfterMs: durationMs(
    duration(
      LIMITS.leak.reclaimAfterMs,
      DEFAULTS.leak.reclaimAfterMs,
      'a connection held for this long is ended; 0 = never',
    ),
  ),
});

/** The `postgres.*` settings: `BUSBAR_POSTGRES_…`. Meaning and rules are those of `PostgresOptions`. */
export const postgresSettings = group({
  url: optional(secret({ doc: 'postgres://user:password@host:port/database, in place of the single settings' })),
  host: optional(string({ doc: 'name or address of the server', maxLength: 253 })),
  port: int(count(LIMITS.port, DEFAULTS.port, 'port of the server')),
  targets: optional(
    list(hostPort({ doc: 'server' }), {
      doc: 'several servers, host:port, in the order of preference; in place of host and port',
      minItems: 1,
      maxItems: LIMITS.targets,
    }),
  ),
  database: optional(string({ doc: 'name of the database', ...name })),
  user: optional(string({ doc: 'role to connect as', ...name })),
  targetSessionAttrs: oneOf(['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'], {
    default: DEFAULTS.targetSessionAttrs,
    doc: 'what the server has to be; one that is something else is left',
  }),
  password: optional(secret({ doc: 'password of the role' })),
  allowInsecure: Setting.boolean({ default: false, doc: 'consent to tls.mode = disable outside development' }),
  tls: group({
    mode: oneOf(['disable', 'require', 'verify-ca', 'verify-full'], {
      default: DEFAULTS.tlsMode,
      doc: "how far the server's identity is checked",
    }),
    direct: Setting.boolean({
      default: DEFAULTS.tls.direct,
      doc: 'TLS from the first byte on; PostgreSQL 17 or newer',
    }),
    channelBinding: Setting.boolean({
      default: DEFAULTS.tls.channelBinding,
      doc: "the login is bound to the server's certificate (SCRAM-SHA-256-PLUS)",
    }),
  }),
  keepAlive: group({
    enabled: Setting.boolean({ default: DEFAULTS.keepAlive.enabled, doc: 'probe a silent peer by TCP' }),
    initialDelayMs: durationMs(
      duration(LIMITS.keepAlive.initialDelayMs, DEFAULTS.keepAlive.initialDelayMs, 'rest before the first probe'),
    ),
  }),
  session: group({
    searchPath: optional(
      list(string({ doc: 'schema', ...name }), { doc: 'schemas to search, in order', maxItems: 16 }),
    ),
    role: optional(string({ doc: 'role whose privileges the session has', ...name })),
    applicationName: string({ doc: 'shown in pg_stat_activity; the service name unless set', ...name }),
    timeZone: string({ default: DEFAULTS.timeZone, doc: 'time zone of the session', ...name }),
    gucs: optional(map(string({ doc: 'value' }), { doc: 'further run-time parameters', maxNames: LIMITS.gucs })),
  }),
  pooler: oneOf(['none', 'session', 'transaction'], {
    default: DEFAULTS.pooler,
    doc: 'what is between the pool and its server',
  }),
  poolerPreparedStatements: Setting.boolean({
    default: DEFAULTS.poolerPreparedStatements,
    doc: 'the pooler knows prepared statements',
  }),
  pool,
  timeouts,
  retry: group({
    maxAttempts: int(
      count(LIMITS.retry.maxAttempts, DEFAULTS.retry.maxAttempts, 'attempts of a transaction, the first included'),
    ),
    baseMs: durationMs(
      duration(LIMITS.retry.baseMs, DEFAULTS.retry.baseMs, 'scale of the first delay; full jitter, doubled each time'),
    ),
    maxMs: durationMs(duration(LIMITS.retry.maxMs, DEFAULTS.retry.maxMs, 'bound of one delay')),
    on: list(oneOf(['serialization', 'deadlock', 'lock-timeout', 'read-only', 'connection'], { doc: 'cause' }), {
      default: DEFAULTS.retryOn,
      doc: 'failures that a transaction is repeated for',
    }),
  }),
  maxRows: int({ min: LIMITS.maxRows.min, default: DEFAULTS.maxRows, doc: 'rows a read may return' }),
  guard,
  statements,
  leak,
  slowQueryMs: durationMs(
    duration(LIMITS.slowQueryMs, DEFAULTS.slowQueryMs, 'a statement that takes this long is reported as slow'),
  ),
  statistics: group({
    fingerprints: int(
      count(LIMITS.statistics.fingerprints, DEFAULTS.statistics.fingerprints, 'statements told apart in statistics'),
    ),
  }),
});
