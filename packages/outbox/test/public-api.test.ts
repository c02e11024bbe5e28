import * as outbox from '@busbar/outbox';
import * as testing from '@busbar/outbox/testing';
import { expect, test } from 'vitest';

test('R-STD-5 @busbar/outbox exports exactly these names', () => {
  expect(Object.keys(outbox).toSorted()).toEqual([
    'MIGRATIONS',
    'OUTBOX_DEFAULTS',
    'OUTBOX_LIMITS',
    'OutboxAbortedError',
    'OutboxAppendFailedError',
    'OutboxBacklogFullError',
    'OutboxClosedError',
    'OutboxDeadlineError',
    'OutboxMigrationChecksumError',
    'OutboxMigrationFailedError',
    'OutboxOptionsError',
    'OutboxPortViolationError',
    'OutboxPrivilegeMissingError',
    'OutboxPublishUnavailableError',
    'OutboxRecordInvalidError',
    'OutboxRecordRejectedError',
    'OutboxRecordTooLargeError',
    'OutboxSchemaMissingError',
    'OutboxSchemaVersionError',
    'OutboxTxRequiredError',
    'SCHEMA_VERSION',
    'createOutbox',
    'migrate',
  ]);
});

test('R-STD-5 @busbar/outbox/testing exports exactly these names', () => {
  expect(Object.keys(testing).toSorted()).toEqual([
    'checkOrder',
    'createMemoryPublisher',
    'publisherConformance',
    'refused',
  ]);
});
