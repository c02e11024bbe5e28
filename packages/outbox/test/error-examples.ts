import {
  OutboxAbortedError,
  OutboxAppendFailedError,
  OutboxBacklogFullError,
  OutboxClosedError,
  OutboxDeadlineError,
  type OutboxErrorCode,
  OutboxMigrationChecksumError,
  OutboxMigrationFailedError,
  OutboxOptionsError,
  OutboxPortViolationError,
  OutboxPrivilegeMissingError,
  OutboxPublishUnavailableError,
  OutboxRecordInvalidError,
  OutboxRecordRejectedError,
  OutboxRecordTooLargeError,
  OutboxSchemaMissingError,
  OutboxSchemaVersionError,
  OutboxTxRequiredError,
} from '@busbar/outbox';

const issues = [{ path: 'relay.batchRecords', problem: 'must be an integer from 1 to 10000' }];
const cause = new Error('connection lost');

/** One instance of each class, for the checks that run over all errors of the repository. */
export const errorExamples = {
  BUSBAR_OUTBOX_OPTIONS: new OutboxOptionsError({ issues }),
  BUSBAR_OUTBOX_SCHEMA_MISSING: new OutboxSchemaMissingError({ schema: 'busbar', expected: 1 }),
  BUSBAR_OUTBOX_SCHEMA_VERSION: new OutboxSchemaVersionError({ schema: 'busbar', found: 4, expected: 1 }),
  BUSBAR_OUTBOX_PRIVILEGE_MISSING: new OutboxPrivilegeMissingError({
    schema: 'busbar',
    missing: ['DELETE on busbar.outbox'],
  }),
  BUSBAR_OUTBOX_MIGRATION_CHECKSUM: new OutboxMigrationChecksumError({ schema: 'busbar', version: 1 }),
  BUSBAR_OUTBOX_MIGRATION_FAILED: new OutboxMigrationFailedError(
    { schema: 'busbar', version: 1, statement: 2 },
    { cause },
  ),
  BUSBAR_OUTBOX_RECORD_INVALID: new OutboxRecordInvalidError({
    issues: [{ path: 'records[0]', problem: 'key is longer than 512 bytes' }],
  }),
  BUSBAR_OUTBOX_RECORD_TOO_LARGE: new OutboxRecordTooLargeError({
    topic: 'orders',
    bytes: 9_000_000,
    limitBytes: 4_194_304,
  }),
  BUSBAR_OUTBOX_TX_REQUIRED: new OutboxTxRequiredError({ found: 'a pool' }),
  BUSBAR_OUTBOX_RECORD_REJECTED: new OutboxRecordRejectedError(
    { topic: 'orders', code: 'MESSAGE_TOO_LARGE' },
    { cause },
  ),
  BUSBAR_OUTBOX_APPEND_FAILED: new OutboxAppendFailedError({ records: 2 }, { cause, retryable: true }),
  BUSBAR_OUTBOX_BACKLOG_FULL: new OutboxBacklogFullError({
    limit: 'maxEvents',
    limitValue: 1_000_000,
    value: 1_000_001,
    oldestAgeMs: 60_000,
  }),
  BUSBAR_OUTBOX_PUBLISH_UNAVAILABLE: new OutboxPublishUnavailableError(
    { topic: 'orders', code: 'BREAKER_OPEN' },
    { cause, retryAfterMs: 500 },
  ),
  BUSBAR_OUTBOX_DEADLINE: new OutboxDeadlineError({ what: 'a direct publish', limitMs: 5_000 }),
  BUSBAR_OUTBOX_ABORTED: new OutboxAbortedError({ what: 'a direct publish' }, { cause }),
  BUSBAR_OUTBOX_CLOSED: new OutboxClosedError({ name: 'outbox' }),
  BUSBAR_OUTBOX_PORT_VIOLATION: new OutboxPortViolationError({
    what: 'P1: a healthy broker did not acknowledge every record',
  }),
} satisfies Record<OutboxErrorCode, Error>;
