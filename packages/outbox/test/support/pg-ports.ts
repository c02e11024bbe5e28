import type { TestDatabase } from '@busbar-tooling/test-kit/test-database';
import pg from 'pg';

import { migrate } from '../../src/migrate.ts';
import type { ConnectionSource, DeferringTx, Queryable } from '../../src/ports.ts';

/** A database with the outbox tables, to be copied. */
export const OUTBOX_TEMPLATE = {
  name: 'outbox-1',
  migrate: async (url: string): Promise<void> => {
    const client = new pg.Client(url);
    await client.connect();
    await migrate(queryableOf(client));
    await client.query('create table business (id text primary key)');
    await client.end();
  },
};

/** What of pg a `Queryable` is made of. */
interface PgQuery {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

export const queryableOf = (client: PgQuery): Queryable => ({
  query: (text, values) => client.query(text, [...values]),
});

export interface PgPorts extends AsyncDisposable {
  readonly pool: pg.Pool;
  readonly write: Queryable;
  readonly connections: ConnectionSource;
  rows(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Ends the server processes of the dedicated connections. */
  terminate(purpose: 'work' | 'lease'): Promise<void>;
}

/** The ports over plain `pg`: a pool for writes, clients of their own for the relay. */
export const pgPorts = (database: TestDatabase): PgPorts => {
  const pool = new pg.Pool({ connectionString: database.url, max: 10 });
  pool.on('error', () => undefined); // a test ends connections on purpose
  const clients = new Set<pg.Client>();
  let gone = false;
  return {
    pool,
    write: queryableOf(pool),
    connections: {
      acquire: async ({ purpose }) => {
        if (gone) throw new Error('the process is gone');
        const client = new pg.Client({ connectionString: database.url, application_name: `outbox-${purpose}` });
        client.on('error', () => undefined); // as above
        await client.connect();
        clients.add(client);
        return {
          ...queryableOf(client),
          id: `${purpose}-${clients.size}`,
          [Symbol.asyncDispose]: async () => {
            clients.delete(client);
            await client.end();
          },
        };
      },
    },
    rows: async (sql, values = []) => {
      const result = await pool.query<Record<string, unknown>>(sql, [...values]);
      return result.rows;
    },
    terminate: async (purpose) => {
      await pool.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = $1',
        [`outbox-${purpose}`],
      );
    },
    [Symbol.asyncDispose]: async () => {
      gone = true;
      await Promise.all([...clients].map((client) => client.end()));
      await pool.end();
    },
  };
};

interface Scope {
  readonly statements: { text: string; values: readonly unknown[] }[];
  readonly commit: (() => void)[];
  readonly rollback: ((error: unknown) => void)[];
  readonly unknown: ((error: unknown) => void)[];
}

const scope = (): Scope => ({ statements: [], commit: [], rollback: [], unknown: [] });

export interface TestTx extends DeferringTx {
  savepoint(work: (tx: TestTx) => Promise<void>): Promise<void>;
}

/**
 * A transaction that keeps the contract of `DeferringTx`, savepoints included, as `@busbar/postgres` does: statements are bound when they
 * are given, handles differ per savepoint, and share `transaction`.
 */
export const inTransaction = async (
  ports: PgPorts,
  work: (tx: TestTx) => Promise<void>,
  o: { loseAnswer?: boolean } = {},
): Promise<void> => {
  const client = await ports.pool.connect();
  const root = scope();
  const open = [root];
  const transaction = {};
  const innermost = (): Scope => open.at(-1) ?? root;
  const handle = (): TestTx => ({
    transaction,
    query: (text, values) => client.query(text, [...values]),
    commitWith: (...given) => {
      innermost().statements.push(...given.map(({ text, values }) => ({ text, values: [...values] })));
    },
    afterCommit: (hook) => innermost().commit.push(hook),
    afterRollback: (hook) => innermost().rollback.push(hook),
    afterUnknown: (hook) => innermost().unknown.push(hook),
    savepoint: async (inner) => {
      const name = `s${open.length}`;
      const own = scope();
      open.push(own);
      await client.query(`savepoint ${name}`);
      try {
        await inner(handle());
        open.pop();
        const parent = innermost();
        parent.statements.push(...own.statements);
        parent.commit.push(...own.commit);
        parent.rollback.push(...own.rollback);
        parent.unknown.push(...own.unknown);
      } catch (error) {
        open.pop();
        await client.query(`rollback to savepoint ${name}`);
        for (const hook of own.rollback) hook(error);
        throw error;
      }
    },
  });
  await client.query('begin');
  try {
    await work(handle());
    for (const { text, values } of root.statements) {
      // oxlint-disable-next-line no-await-in-loop -- in order, as in a flush
      await client.query(text, [...values]);
    }
    await client.query('commit');
    if (o.loseAnswer === true) for (const hook of root.unknown) hook(new Error('the answer was lost'));
    else for (const hook of root.commit) hook();
  } catch (error) {
    await client.query('rollback');
    for (const hook of root.rollback) hook(error);
    throw error;
  } finally {
    client.release();
  }
};
