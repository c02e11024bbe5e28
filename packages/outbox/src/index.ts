// The outbox
export { createOutbox } from './outbox.ts';
export type { DrainOptions, Outbox, OutboxCloseReport, OutboxStartReport } from './outbox.ts';
export type { Appended, AppendOptions } from './writer.ts';
export type { DirectOptions, PublishReceipt, SpillCause } from './direct-publish.ts';

// Options
export { OUTBOX_DEFAULTS, OUTBOX_LIMITS } from './options.ts';
export type { OutboxOptions, RelayOptions, WhenUnavailable } from './options.ts';
export type { Ordering } from './append.ts';
export type { PoisonAction } from './relay-protocol.ts';

// Ports
export type { ConnectionSource, DeferringTx, OutboxRecord, Publisher, PublishOutcome, Queryable } from './ports.ts';

// Tables
export { migrate } from './migrate.ts';
export type { MigrateOptions, MigrateReport } from './migrate.ts';
export { MIGRATIONS, SCHEMA_VERSION } from './migrations/migrations.ts';
export type { Migration } from './migrations/migrations.ts';

// Observation
export type { OutboxMessages } from './diagnostics.ts';
export type { OutboxStats, TopicStats } from './stats.ts';
export type { Distribution } from './histogram.ts';
export type { FailureClass } from './failure-class.ts';

// Errors
export {
  OutboxAbortedError,
  OutboxAppendFailedError,
  OutboxBacklogFullError,
  OutboxClosedError,
  OutboxDeadlineError,
  OutboxOptionsError,
  OutboxPortViolationError,
  OutboxPublishUnavailableError,
  OutboxRecordInvalidError,
  OutboxRecordRejectedError,
  OutboxRecordTooLargeError,
  OutboxTxRequiredError,
} from './errors.ts';
export {
  OutboxMigrationChecksumError,
  OutboxMigrationFailedError,
  OutboxPrivilegeMissingError,
  OutboxSchemaMissingError,
  OutboxSchemaVersionError,
} from './setup-errors.ts';
export type { OutboxErrorCode, OutboxIssue } from './errors.ts';
