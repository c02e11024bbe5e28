import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { beforeAll, beforeEach } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Postgres } from '../src/postgres.ts';
import type { Tx } from '../src/tx.ts';
import { poolOptions } from './pool-options.ts';

/** A database with the tables `notes (n)` and `balances (id, n)`, emptied before each test of the file; call it in a `describe`. */
export const useNotes = () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = { pool: { max: 4 } }): Postgres => createPostgres(poolOptions(db(), own));
  beforeAll(async () => {
    await using pg = open();
    await pg.execute('create table notes (n text unique)');
    await pg.execute('create table balances (id int primary key, n int)');
  });
  beforeEach(async () => {
    await using pg = open();
    await pg.execute('truncate notes, balances cascade');
    await pg.execute('insert into balances values (1, 0), (2, 0)');
  });
  return { db, open };
};

export const notes = async (pg: Postgres): Promise<unknown[]> =>
  (await pg.query('select n from notes order by n')).rows.map((row) => row['n']);

export const note = (text: string) => ({ text: 'insert into notes values ($1)', values: [text] });

export const write = (tx: Tx, text: string): Promise<number> => tx.execute('insert into notes values ($1)', [text]);
