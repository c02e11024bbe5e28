import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import Cursor from 'pg-cursor';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../../src/connection-manager.ts';
import type { PostgresOptions } from '../../src/options.ts';
import { defineStatement } from '../../src/statement.ts';
import { eventually, rejection } from '../eventually.ts';
import { plainPool } from '../plain-pool.ts';
import { poolOptions } from '../pool-options.ts';
import { readyForQuery, refused, startScriptedServer } from '../scripted-server.ts';

describe('holes of statements and their results', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), { pool: { max: 1 }, ...own }));

  test('H15 ALTER under a prepared statement heals, and in a transaction it says that the schema has changed', async () => {
    await using pg = open();
    await pg.execute('create table altered (a int)');
    await pg.execute('insert into altered values (1)');
    const all = defineStatement({ text: 'select * from altered', name: 'all' });
    expect(await pg.one(all)).toEqual({ a: 1 });
    await pg.execute('alter table altered add column b int default 2');
    expect(await pg.one(all)).toEqual({ a: 1, b: 2 });
    await pg.execute('alter table altered add column c int default 3');
    const error = await rejection(pg.tx((tx) => tx.one(all)));
    expect(error).toMatchObject({
      code: 'BUSBAR_POSTGRES_SCHEMA_CHANGED',
      sqlState: '0A000',
      retryable: true,
      outcome: 'rejected',
    });
    expect(await pg.tx((tx) => tx.one(all))).toEqual({ a: 1, b: 2, c: 3 });
    expect(pg.stats().statements).toEqual({ hits: 2, misses: 3, evicted: 0, reprepared: 2 });
  });

  test('H15 plain pg: ALTER under a prepared statement fails each time', async () => {
    const pool = plainPool(db());
    const client = await pool.connect();
    await client.query('create table altered_plain (a int)');
    const all = { text: 'select * from altered_plain', name: 'all' };
    await client.query(all);
    await client.query('alter table altered_plain add column b int');
    expect(await rejection(client.query(all))).toMatchObject({ code: '0A000' });
    expect(await rejection(client.query(all))).toMatchObject({ code: '0A000' });
    client.release();
    await pool.end();
  });

  test('H26 classes survive lc_messages: a session ends, or goes on, by its SQLSTATE', async () => {
    await using server = await startScriptedServer(([text]) => {
      if (text === 'select 1') return Buffer.concat([refused('23505', 'SCHWERWIEGEND'), readyForQuery()]);
      setImmediate(() => server.hangUp());
      return refused('57P01', 'FEHLER');
    });
    const { host, port } = server;
    await using pg = open({ host, port, targetSessionAttrs: 'any' });
    const refusedBy = (text: string): Promise<unknown> => rejection(pg.query(text));
    expect(await refusedBy('select 1')).toMatchObject({ kind: 'constraint', connectionFatal: false });
    expect(pg.stats()).toMatchObject({ open: 1, closed: {} });
    expect(await refusedBy('select 2')).toMatchObject({ kind: 'lease-lost', connectionFatal: true });
    await eventually(() => pg.stats().closed.error === 1, 'it is left');
  });

  test('H27 eviction does not shift results', async () => {
    await using pg = open({ statements: { cacheSize: 2 } });
    const values = await Promise.all(
      Array.from({ length: 40 }, (_, n) => pg.value(`select ${n % 7} + $1::int`, [n], { name: 'n' })),
    );
    expect(values).toEqual(Array.from({ length: 40 }, (_, n) => (n % 7) + n));
    expect(pg.stats().statements.evicted).toBeGreaterThan(20);
    expect(await pg.value('select count(*)::int from pg_prepared_statements')).toBeLessThanOrEqual(2);
  });

  test('H29 a row limit never truncates a write, and a read with more rows stops on the server', async () => {
    await using pg = open({ maxRows: 10 });
    await pg.execute('create table many (id int)');
    expect((await pg.query('select * from generate_series(1, 10)')).rowCount).toBe(10);
    const error = await rejection(pg.query('select generate_series(1, 1000000000)'));
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_TOO_MANY_ROWS', details: { maxRows: 10 } });
    expect(await rejection(pg.query('with s as (select generate_series(1, 99)) select * from s'))).toMatchObject({
      kind: 'too-many-rows',
    });
    expect((await pg.query('insert into many select generate_series(1, 100) returning id')).rows).toHaveLength(100);
    expect((await pg.query('select * from generate_series(1, 20)', [], { maxRows: 20 })).rowCount).toBe(20);
  });

  test('H29 plain pg: a row limit on INSERT … RETURNING tells of 10 rows, and 100 are kept', async () => {
    const pool = plainPool(db());
    const client = await pool.connect();
    await client.query('create table many_plain (id int)');
    const limited = client.query(new Cursor('insert into many_plain select generate_series(1, 100) returning id'));
    expect(await limited.read(10)).toHaveLength(10);
    await limited.close();
    client.release();
    expect((await pool.query('select * from many_plain')).rowCount).toBe(100);
    await pool.end();
  });
});
