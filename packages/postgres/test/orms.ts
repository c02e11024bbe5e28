import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { knex } from 'knex';
import { Kysely, PostgresDialect, sql as kyselySql } from 'kysely';
import type { Pool } from 'pg';
import Cursor from 'pg-cursor';

/** One half of a pair that is written in one transaction. */
export interface Half {
  readonly writer: number;
  readonly half: number;
}

export interface OrmTx {
  insert(half: Half): Promise<unknown>;
  pid(): Promise<number>;
}

/** What the same test does with each of them, in their own words. */
export interface Orm extends OrmTx {
  halves(writer: number): Promise<number[]>;
  transaction(fn: (tx: OrmTx) => Promise<void>): Promise<unknown>;
  close(): Promise<unknown>;
}

interface Tables {
  halves: Half;
}

const kysely = (pool: Pool): Orm => {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool, cursor: Cursor }) });
  const of = (one: Kysely<Tables>): OrmTx => ({
    insert: (half) => one.insertInto('halves').values(half).execute(),
    pid: async () => (await kyselySql<{ pid: number }>`select pg_backend_pid() as pid`.execute(one)).rows[0]?.pid ?? 0,
  });
  return {
    ...of(db),
    halves: async (writer) => {
      const found: number[] = [];
      const rows = db.selectFrom('halves').select('half').where('writer', '=', writer).orderBy('half').stream(1);
      for await (const { half } of rows) found.push(half);
      return found;
    },
    transaction: (fn) => db.transaction().execute((tx) => fn(of(tx))),
    close: () => db.destroy(),
  };
};

type Executable = Pick<ReturnType<typeof drizzle>, 'execute'>;

const ofDrizzle = (one: Executable): OrmTx => ({
  insert: ({ writer, half }) => one.execute(drizzleSql`insert into halves values (${writer}, ${half})`),
  pid: async () => Number((await one.execute(drizzleSql`select pg_backend_pid() as pid`)).rows[0]?.['pid']),
});

const drizzleOrm = (pool: Pool): Orm => {
  const db = drizzle(pool);
  return {
    ...ofDrizzle(db),
    halves: async (writer) => {
      const found = await db.execute(drizzleSql`select half from halves where writer = ${writer} order by half`);
      return found.rows.map(({ half }) => Number(half));
    },
    transaction: (fn) => db.transaction((tx) => fn(ofDrizzle(tx))),
    close: () => Promise.resolve(),
  };
};

const knexOrm = (pool: Pool): Orm => {
  const db = knex({ client: 'pg', connectionPool: pool });
  const of = (one: typeof db): OrmTx => ({
    insert: async (half) => one('halves').insert(half),
    pid: async () => (await one.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0,
  });
  return {
    ...of(db),
    halves: async (writer) => db<Half>('halves').where({ writer }).orderBy('half').pluck('half'),
    transaction: (fn) => db.transaction((tx) => fn(of(tx))),
    close: () => db.destroy(),
  };
};

export const ORMS: readonly (readonly [name: string, open: (pool: Pool) => Orm])[] = [
  ['kysely', kysely],
  ['drizzle', drizzleOrm],
  ['knex', knexOrm],
];
