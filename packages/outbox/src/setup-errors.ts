import { brandError, BusbarError, type ErrorInit, type ErrorSpec } from '@busbar/errors';

/** What `start` and `migrate` can find wrong with the tables. */

type SchemaDetails = { readonly schema: string; readonly expected: number };

/** The tables are not there. */
export class OutboxSchemaMissingError extends BusbarError<'BUSBAR_OUTBOX_SCHEMA_MISSING', SchemaDetails> {
  static override readonly spec = {
    name: 'OutboxSchemaMissingError',
    code: 'BUSBAR_OUTBOX_SCHEMA_MISSING',
    retryable: false,
    outcome: 'not-sent',
    when: 'start found no outbox tables in the schema.',
    remedy: "Run `busbar outbox migrate`, or start with migrate: 'auto'.",
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: SchemaDetails, init?: ErrorInit) {
    super(`schema "${details.schema}" has no outbox tables: run \`busbar outbox migrate\``, details, init);
  }
}

type SchemaVersionDetails = { readonly schema: string; readonly found: number; readonly expected: number };

/** The tables are of a version that this release cannot work with. */
export class OutboxSchemaVersionError extends BusbarError<'BUSBAR_OUTBOX_SCHEMA_VERSION', SchemaVersionDetails> {
  static override readonly spec = {
    name: 'OutboxSchemaVersionError',
    code: 'BUSBAR_OUTBOX_SCHEMA_VERSION',
    retryable: false,
    outcome: 'not-sent',
    when: 'start found outbox tables more than one version older or newer than this release.',
    remedy: 'Run `busbar outbox migrate` of this release, or deploy the release that fits the tables.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: SchemaVersionDetails, init?: ErrorInit) {
    const { schema, found, expected } = details;
    super(
      `schema "${schema}" is at version ${found}, this release needs ${expected}: run \`busbar outbox migrate\``,
      details,
      init,
    );
  }
}

type PrivilegeDetails = { readonly schema: string; readonly missing: readonly string[] };

/** The database role may not do what the outbox has to do. */
export class OutboxPrivilegeMissingError extends BusbarError<'BUSBAR_OUTBOX_PRIVILEGE_MISSING', PrivilegeDetails> {
  static override readonly spec = {
    name: 'OutboxPrivilegeMissingError',
    code: 'BUSBAR_OUTBOX_PRIVILEGE_MISSING',
    retryable: false,
    outcome: 'not-sent',
    when: 'start found that the role lacks privileges on the tables; details.missing has all of them.',
    remedy: 'Grant what details.missing names.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: PrivilegeDetails, init?: ErrorInit) {
    super(`the role lacks ${details.missing.join(', ')}`, details, init);
  }
}

type MigrationDetails = { readonly schema: string; readonly version: number; readonly statement?: number };

/** A migration that was applied is not the one of this release. */
export class OutboxMigrationChecksumError extends BusbarError<'BUSBAR_OUTBOX_MIGRATION_CHECKSUM', MigrationDetails> {
  static override readonly spec = {
    name: 'OutboxMigrationChecksumError',
    code: 'BUSBAR_OUTBOX_MIGRATION_CHECKSUM',
    retryable: false,
    outcome: 'not-sent',
    when: 'An applied migration has another checksum than the one of this release.',
    remedy: 'Find out who changed the migration; a released one is never edited.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: MigrationDetails, init?: ErrorInit) {
    super(
      `migration ${details.version} in schema "${details.schema}" has another checksum than this release`,
      details,
      init,
    );
  }
}

/** A migration failed; it is one transaction, so nothing of it was applied. */
export class OutboxMigrationFailedError extends BusbarError<'BUSBAR_OUTBOX_MIGRATION_FAILED', MigrationDetails> {
  static override readonly spec = {
    name: 'OutboxMigrationFailedError',
    code: 'BUSBAR_OUTBOX_MIGRATION_FAILED',
    retryable: false,
    outcome: 'rejected',
    when: 'A statement of a migration failed; details has its version and number. Nothing of that migration was applied.',
    remedy: 'Look at the cause; after the reason is gone, run migrate again.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: MigrationDetails, init?: ErrorInit) {
    super(`statement ${details.statement ?? 0} of migration ${details.version} failed`, details, init);
  }
}
