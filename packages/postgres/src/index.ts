// The pool
export { adaptPool } from './adapt-pool.ts';
export type { AdaptOptions } from './adapt-options.ts';
export { connectivityChecks, createPostgres } from './connection-manager.ts';
export type { CloseReport } from './close-report.ts';
export type { LeaseOptions, Postgres } from './postgres.ts';
export type {
  PgCallback,
  PgClientEvent,
  PgClientPort,
  PgConnectCallback,
  PgPoolEvent,
  PgPoolFacade,
  PgPoolPort,
  PgQueryable,
  PgQueryConfig,
  PgRelease,
  PgResult,
  PgSubmittable,
} from './pg-port.ts';
export type { Lease } from './lease.ts';
export type { Notification } from './listen-link.ts';
export type { ListenOptions, NotificationHandler } from './listener.ts';
export type { GapReason } from './listener-model.ts';
export type { Tx, TxOptions } from './tx.ts';
export type { ArrayMode, BatchOptions, Queries, Queryable, QueryOptions, Result, StreamOptions } from './queries.ts';
export type { ArrayRow, Field, Row, RowMode, TypeParsers } from './row-decoder.ts';
export type { CallOptions, RoutineArguments } from './routine.ts';
export type { SettledResult } from './settled-batch.ts';
export type { InsertColumn, InsertMany } from './bulk.ts';

// Statements
export { defineStatement, sql } from './statement.ts';
export type { BoundStatement, Sql, SqlFragment, Statement, StatementSpec, StatementTraits } from './statement.ts';
export { createGuard } from './guard/guard.ts';
export type { Guard, GuardExcess, GuardStats } from './guard/guard.ts';
export type { GuardWeights, ScoreReason, Verdict } from './guard/verdict.ts';
export type { Operation } from './guard/statement-words.ts';

// Secrets
export { createSanitizer, pinoRedactPaths } from './sanitizer.ts';
export type { SanitizeOptions, Sanitizer } from './sanitizer.ts';

// Options
export { POSTGRES_DEFAULTS, POSTGRES_LIMITS } from './option-limits.ts';
export type { NumberLimit } from './option-limits.ts';
export type {
  GuardMode,
  GuardOptions,
  GuardWeightOptions,
  KeepAliveOptions,
  LeakOptions,
  PoolOptions,
  PostgresOptions,
  RetryOptions,
  SessionOptions,
  StatementOptions,
  StatisticsOptions,
  TimeoutOptions,
  TlsMode,
  TlsOptions,
  TxRetryCause,
} from './options.ts';
export { resolvePostgresOptions } from './resolve-options.ts';
export type { ResolvedGuard } from './guard/guard-options.ts';
export type { ResolvedPostgresOptions, ResolvedTxRetry } from './resolve-options.ts';
export type { Pooler, ResolvedSession, SetupFunction } from './session.ts';
export type { TargetSessionAttrs } from './targets.ts';
export type { ResolvedTls, TlsMaterial } from './tls.ts';
export { credentialsFromFile } from './credentials.ts';
export type { Credentials, CredentialsProvider, CredentialsRequest } from './credentials.ts';

// Reports
export type { ConnectivityCheck, ConnectivityOutcome } from './connectivity-checks.ts';
export type { HealthCode, HealthReason, HealthReport, HealthStatus } from './health.ts';
export type { HolderReport } from './holders.ts';
export type { LeakStacks, ResolvedLeak } from './leak.ts';
export type { RetireReason } from './lease-model.ts';
export type { ConnectionRecord, ConnectPhases } from './lifecycle.ts';
export type { StartupCheck, StartupReport } from './startup-check.ts';
export type { QueryStats, TopQueriesOptions } from './query-stats.ts';
export type { StatementCounters } from './statement-cache.ts';
export type { StatementSplit } from './split.ts';
export type { OperationStats, PostgresStats } from './stats.ts';
export type { Distribution } from './histogram.ts';
export type {
  CancelMessage,
  ClosedMessage,
  ConnectionClosedMessage,
  ConnectMessage,
  CreatedMessage,
  DirtyReleaseMessage,
  GenerationMessage,
  GuardMessage,
  HealthMessage,
  HookErrorMessage,
  LeakMessage,
  LeaseLostMessage,
  LeaseMessage,
  ListenerErrorMessage,
  ListenGapMessage,
  PressureMessage,
  QueryMessage,
  QuerySlowMessage,
  ReleaseMessage,
  TxMessage,
  TxRetryMessage,
} from './diagnostics.ts';

// Errors
export { isPostgresError, PostgresError } from './errors.ts';
export type { PostgresErrorCode, PostgresErrorInit, PostgresErrorKind } from './errors.ts';
export {
  AcquireTimeoutError,
  AuthError,
  ConnectError,
  ConnectTimeoutError,
  NoTargetError,
  QueueFullError,
  SetupError,
  TlsError,
  TooManyConnectionsError,
} from './connect-errors.ts';
export type { ConnectDetails, PressureDetails } from './connect-errors.ts';
export { LeaseBusyError, LeaseReleasedError } from './lease-errors.ts';
export { CommitRolledBackError, LeaseLostError, OutcomeUnknownError } from './outcome-errors.ts';
export {
  ConstraintError,
  DataError,
  DeadlockError,
  LockTimeoutError,
  PostgresInternalError,
  PostgresSyntaxError,
  PrivilegeError,
  ReadOnlyError,
  ResourceError,
  SchemaChangedError,
  SchemaError,
  SerializationError,
  ServerError,
  StatementTimeoutError,
  TxAbortedError,
} from './server-errors.ts';
export type { ServerErrorDetails } from './server-errors.ts';
export { classifySqlState } from './sqlstate.ts';
export type { ServerErrorKind, SqlStateClass } from './sqlstate.ts';
export {
  ArgumentInvalidError,
  DeadlineError,
  GuardBlockedError,
  PoolerUnsupportedError,
  PostgresAbortedError,
  PostgresClosedError,
  PostgresOptionsError,
  RowCountError,
  TooManyRowsError,
  TxControlError,
  TxEndedError,
} from './usage-errors.ts';
export type { GuardDetails, PoolDetails } from './usage-errors.ts';
