// The defaults and ranges of `PostgresOptions`, written once: other packages build their settings from them.

/** The defaults of every number and closed choice. `timeouts.queryDeadlineMs` is `statementMs` + `queryMarginMs`. */
export const POSTGRES_DEFAULTS = Object.freeze({
  name: 'default',
  port: 5432,
  targetSessionAttrs: 'read-write',
  tlsMode: 'verify-full',
  tls: Object.freeze({ direct: false, channelBinding: false }),
  keepAlive: Object.freeze({ enabled: true, initialDelayMs: 10_000 }),
  applicationName: 'busbar',
  timeZone: 'UTC',
  pooler: 'none',
  poolerPreparedStatements: false,
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
  targets: 16,
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
  keepAlive: Object.freeze({ initialDelayMs: integer(1_000, MAX_MS) }),
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
