import { OutboxOptionsError } from './errors.ts';
import { type Migration, MIGRATIONS } from './migrations/migrations.ts';
import type { Queryable } from './ports.ts';
import { numberIn, textIn } from './row-reader.ts';
import { inSchema, isSchemaName } from './schema-name.ts';
import { OutboxMigrationChecksumError, OutboxMigrationFailedError } from './setup-errors.ts';

export interface MigrateOptions {
  /** Default: `busbar`. A lower-case identifier. */
  readonly schema?: string;
}

export interface MigrateReport {
  readonly schema: string;
  /** The version after the call. */
  readonly version: number;
  /** Versions that this call applied. */
  readonly applied: readonly number[];
}

/** The outbox's own namespace of advisory locks; the second number is 0 for migrations. */
const LOCK_SQL = 'select pg_advisory_lock(25205, 0)';
const UNLOCK_SQL = 'select pg_advisory_unlock(25205, 0)';
const APPLIED_SQL = 'select version, checksum from busbar.migration order by version';
const EXISTS_SQL = `select to_regclass('busbar.migration') is not null as found`;
const RECORD_SQL = 'insert into busbar.migration (version, name, checksum) values ($1::int4, $2::text, $3::text)';

/** Checksums of the applied migrations by version; undefined where there are no tables. */
export const appliedMigrations = async (
  q: Queryable,
  schema: string,
): Promise<ReadonlyMap<number, string> | undefined> => {
  const [existing] = (await q.query(inSchema(EXISTS_SQL, schema), [])).rows;
  if (typeof existing !== 'object' || existing === null || !('found' in existing) || existing.found !== true)
    return undefined;
  const { rows } = await q.query(inSchema(APPLIED_SQL, schema), []);
  return new Map(rows.map((row) => [numberIn(row, 'version'), textIn(row, 'checksum')]));
};

const applyMigration = async (q: Queryable, migration: Migration, schema: string): Promise<void> => {
  const { version, name, checksum } = migration;
  await q.query('begin', []);
  let statement = 0;
  try {
    for (const sql of migration.statements) {
      statement += 1;
      // oxlint-disable-next-line no-await-in-loop -- the statements build on each other
      await q.query(inSchema(sql, schema), []);
    }
    await q.query(inSchema(RECORD_SQL, schema), [version, name, checksum]);
    await q.query('commit', []);
  } catch (error) {
    const errors = await q.query('rollback', []).then(
      () => [],
      (failed: unknown) => [failed],
    );
    throw new OutboxMigrationFailedError({ schema, version, statement }, { cause: error, errors });
  }
};

const checkApplied = (migration: Migration, found: string | undefined, schema: string): boolean => {
  if (found === undefined) return false;
  if (found !== migration.checksum) throw new OutboxMigrationChecksumError({ schema, version: migration.version });
  return true;
};

/**
 * Brings the tables to the version of this release: each migration in one transaction, all of them under an advisory lock, so that
 * several instances may call it at once. It has to be given one connection, not a pool: the lock belongs to the session.
 *
 * @throws {@link OutboxMigrationChecksumError} when an applied migration is not the one of this release.
 * @throws {@link OutboxMigrationFailedError} when a statement fails; nothing of its migration is applied then.
 */
export const migrate = async (q: Queryable, o: MigrateOptions = {}): Promise<MigrateReport> => {
  const schema = o.schema ?? 'busbar';
  if (!isSchemaName(schema))
    throw new OutboxOptionsError({ issues: [{ path: 'schema', problem: 'must be a lower-case identifier' }] });
  const applied: number[] = [];
  await q.query(LOCK_SQL, []);
  try {
    const found = await appliedMigrations(q, schema);
    for (const migration of MIGRATIONS) {
      if (checkApplied(migration, found?.get(migration.version), schema)) continue;
      // oxlint-disable-next-line no-await-in-loop -- in order of their versions
      await applyMigration(q, migration, schema);
      applied.push(migration.version);
    }
    const version = Math.max(0, ...(found?.keys() ?? []), ...applied);
    return { schema, version, applied };
  } finally {
    // A session that cannot unlock is dead, and its lock has gone with it.
    await q.query(UNLOCK_SQL, []).catch(() => undefined);
  }
};
