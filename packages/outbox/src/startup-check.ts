import { appliedMigrations } from './migrate.ts';
import { SCHEMA_VERSION } from './migrations/migrations.ts';
import type { Queryable } from './ports.ts';
import { textIn } from './row-reader.ts';
import { inSchema } from './schema-name.ts';
import { OutboxPrivilegeMissingError, OutboxSchemaMissingError, OutboxSchemaVersionError } from './setup-errors.ts';

/** Table, privilege pairs that are asked for and not granted. */
const PRIVILEGES_SQL = `select p.privilege || ' on busbar.' || p.tab as missing
  from unnest($1::text[], $2::text[]) as p (tab, privilege)
 where not has_table_privilege(to_regclass('busbar.' || p.tab), p.privilege)`;

const DML = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const;
const RELAY_TABLES = ['outbox', 'outbox_shard', 'outbox_relay', 'outbox_dead'] as const;

/**
 * Whether the tables are there and fit this release: one version older and one newer are accepted, for rolling deploys.
 * @throws {@link OutboxSchemaMissingError}, {@link OutboxSchemaVersionError}
 */
export const checkSchema = async (q: Queryable, schema: string): Promise<number> => {
  const applied = await appliedMigrations(q, schema);
  if (applied === undefined || applied.size === 0)
    throw new OutboxSchemaMissingError({ schema, expected: SCHEMA_VERSION });
  const found = Math.max(...applied.keys());
  if (Math.abs(found - SCHEMA_VERSION) > 1)
    throw new OutboxSchemaVersionError({ schema, found, expected: SCHEMA_VERSION });
  return found;
};

/**
 * Whether the role may do what a relay does, or what a writer does.
 * @throws {@link OutboxPrivilegeMissingError} with everything that is missing.
 */
export const checkPrivileges = async (q: Queryable, schema: string, role: 'relay' | 'writer'): Promise<void> => {
  const wanted =
    role === 'writer'
      ? [['outbox', 'INSERT'] as const]
      : RELAY_TABLES.flatMap((table) => DML.map((privilege) => [table, privilege] as const));
  const { rows } = await q.query(inSchema(PRIVILEGES_SQL, schema), [
    wanted.map(([table]) => table),
    wanted.map(([, privilege]) => privilege),
  ]);
  const missing = rows.map((row) => textIn(row, 'missing'));
  if (missing.length > 0) throw new OutboxPrivilegeMissingError({ schema, missing });
};
