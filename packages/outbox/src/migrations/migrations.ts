import { createHash } from 'node:crypto';

import { OUTBOX_TABLES } from './0001-outbox.ts';

/** One forward step of the schema, applied in one transaction and never edited after its release. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** SQL in order; `busbar` in front of a dot, and in `create schema`, stands for the schema's name. */
  readonly statements: readonly string[];
  /** SHA-256 of the statements, hexadecimal. */
  readonly checksum: string;
}

const migration = (version: number, name: string, statements: readonly string[]): Migration =>
  Object.freeze({
    version,
    name,
    statements: Object.freeze(statements),
    checksum: createHash('sha256').update(statements.join(';\n')).digest('hex'),
  });

/** All migrations in order, also for other migration tools. */
export const MIGRATIONS: readonly Migration[] = Object.freeze([migration(1, 'outbox', OUTBOX_TABLES)]);

/** The version that this release works with; one older and one newer are accepted, for rolling deploys. */
export const SCHEMA_VERSION = 1;
