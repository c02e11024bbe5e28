import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { types } from 'pg';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import { rejection } from './eventually.ts';
import { poolOptions } from './pool-options.ts';

describe('queries on a real server', () => {
  const db = useTestDatabase();

  test('R-PG-2 query, one, maybeOne, value and execute give the shapes they promise', async () => {
    await using pg = createPostgres(poolOptions(db()));
    const result = await pg.query('select n, n::text as t from generate_series(1, $1::int) n', [2]);
    expect(result).toEqual({
      rows: [
        { n: 1, t: '1' },
        { n: 2, t: '2' },
      ],
      rowCount: 2,
      command: 'SELECT',
      fields: [
        { name: 'n', typeId: 23 },
        { name: 't', typeId: 25 },
      ],
    });
    expect(await pg.one<{ one: number }>('select 1 as one')).toEqual({ one: 1 });
    expect(await pg.maybeOne('select 1 where false')).toBeUndefined();
    expect(await pg.value<number>('select 42')).toBe(42);
    expect(await pg.execute('create table shapes (id int primary key, v text)')).toBe(0);
    expect(await pg.execute('insert into shapes values ($1, $2), ($3, $4)', [1, 'a', 2, null])).toBe(2);
    expect(await pg.execute('update shapes set v = $1 where id = 1', ['b'], { expectRows: 1 })).toBe(1);
  });

  test('R-PG-2 a result of another shape is a RowCountError that says whether it took effect', async () => {
    await using pg = createPostgres(poolOptions(db()));
    await pg.execute('create table counted (id int)');
    const two = 'select * from generate_series(1, 2) n';
    expect(await rejection(pg.one(two))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ROW_COUNT',
      outcome: 'rejected',
      details: { rows: 2 },
    });
    expect(await rejection(pg.maybeOne(two))).toMatchObject({ code: 'BUSBAR_POSTGRES_ROW_COUNT' });
    expect(await rejection(pg.value('select'))).toMatchObject({ code: 'BUSBAR_POSTGRES_ROW_COUNT' });
    const insert = 'insert into counted values (1)';
    expect(await rejection(pg.execute(insert, [], { expectRows: 2 }))).toMatchObject({
      outcome: 'unknown',
      details: { rows: 1 },
    });
    expect(await rejection(pg.tx((tx) => tx.execute(insert, [], { expectRows: 2 })))).toMatchObject({
      outcome: 'rejected',
    });
    expect(await pg.value('select count(*)::int from counted')).toBe(1);
  });

  test('values travel as pg maps them, and a column named __proto__ is only a column', async () => {
    await using pg = createPostgres(poolOptions(db()));
    const at = new Date('2026-01-02T03:04:05.678Z');
    const row = await pg.one(
      'select $1::timestamptz as at, $2::int[] as list, $3::jsonb as doc, $4::bytea as bytes, $5::text as none',
      [at, [1, null, 3], { a: ['x'] }, Buffer.from([0, 255]), null],
    );
    expect(row).toEqual({ at, list: [1, null, 3], doc: { a: ['x'] }, bytes: Buffer.from([0, 255]), none: null });
    const odd = await pg.one('select \'{"polluted": true}\'::json as "__proto__", 1 as n');
    expect(Object.keys(odd)).toEqual(['__proto__', 'n']);
    expect(Reflect.get(odd, 'polluted')).toBeUndefined();
  });

  test('as many parameters as the protocol counts are sent, and not one more', async () => {
    await using pg = createPostgres(poolOptions(db()));
    const most = Array.from({ length: 65_535 }, (_, index) => index);
    const text = `select cardinality(array[${most.map((index) => `$${index + 1}::int`).join()}])`;
    expect(await pg.value(text, most)).toBe(65_535);
    expect(await rejection(pg.query(text, [...most, 1]))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
      outcome: 'not-sent',
      details: { argument: 'params', expected: 'at most 65535 values; insertMany has no such limit' },
    });
  });

  test('an argument that cannot be sent is refused before anything is sent', async () => {
    await using pg = createPostgres(poolOptions(db()));
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    for (const params of [[undefined], [circular]])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await rejection(pg.query('select $1', params))).toMatchObject({
        code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
        outcome: 'not-sent',
      });
    expect(await rejection(pg.query('select 1', [], { maxRows: 0 }))).toMatchObject({
      details: { argument: 'maxRows' },
    });
    expect(await rejection(pg.query('select 1', [], { deadlineMs: -1 }))).toMatchObject({
      details: { argument: 'deadlineMs' },
    });
    expect(pg.stats().created).toBe(0);
  });

  test('several statements in one text are refused, so nothing can slip out of a transaction', async () => {
    await using pg = createPostgres(poolOptions(db()));
    await pg.execute('create table smuggled (id int)');
    const error = await rejection(pg.tx((tx) => tx.query('insert into smuggled values (1); commit')));
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_SYNTAX', sqlState: '42601' });
    expect(await pg.value('select count(*)::int from smuggled')).toBe(0);
  });

  test.for([
    'begin',
    ' /* a /* nested */ comment */ COMMIT',
    '-- note\nrollback',
    'savepoint s',
    "prepare transaction 'x'",
    ';end',
  ])('R-PG-2 %s is refused outside a lease', async (text) => {
    await using pg = createPostgres(poolOptions(db()));
    expect(await rejection(pg.query(text))).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_CONTROL', outcome: 'not-sent' });
    expect(await rejection(pg.tx((tx) => tx.query(text)))).toMatchObject({ code: 'BUSBAR_POSTGRES_TX_CONTROL' });
  });

  test('R-PG-1 the session is set in the start-up message', async () => {
    await using pg = createPostgres(
      poolOptions(db(), {
        session: {
          searchPath: ['we"ird sch', 'public'],
          applicationName: 'orders',
          timeZone: 'Europe/Berlin',
          gucs: { 'my.note': String.raw`a b\c` },
        },
        timeouts: { statementMs: 4_000, lockMs: 300, idleInTransactionMs: 9_000 },
      }),
    );
    const settings =
      await pg.one(`select current_setting('search_path') as path, current_setting('application_name') as name,
      current_setting('TimeZone') as zone, current_setting('my.note') as note, current_setting('statement_timeout') as statement,
      current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle`);
    expect(settings).toEqual({
      path: '"we""ird sch","public"',
      name: 'orders',
      zone: 'Europe/Berlin',
      note: String.raw`a b\c`,
      statement: '4s',
      lock: '300ms',
      idle: '9s',
    });
  });

  test('R-STD-4 server errors are classified, say that nothing happened, and show no value', async () => {
    await using pg = createPostgres(
      poolOptions(db(), { timeouts: { statementMs: 150, lockMs: 100, idleInTransactionMs: 60_000 } }),
    );
    await pg.execute('create table people (id int primary key, email text unique check (email <> $$no$$))');
    await pg.execute('insert into people values (1, $1)', ['ann@example.org']);
    const cases: [string, readonly unknown[], string][] = [
      ['insert into people values (2, $1)', ['ann@example.org'], 'BUSBAR_POSTGRES_CONSTRAINT'],
      ['insert into people values (2, $1)', ['no'], 'BUSBAR_POSTGRES_CONSTRAINT'],
      ['select $1::text::int', ['ann@example.org'], 'BUSBAR_POSTGRES_DATA'],
      ["selec 'ann@example.org'", [], 'BUSBAR_POSTGRES_SYNTAX'],
      ['select * from nowhere', [], 'BUSBAR_POSTGRES_SCHEMA'],
      ['select pg_sleep(2)', [], 'BUSBAR_POSTGRES_STATEMENT_TIMEOUT'],
      [
        "do $$ begin raise exception 'ann@example.org' using detail = 'ann@example.org'; end $$",
        [],
        'BUSBAR_POSTGRES_INTERNAL',
      ],
    ];
    for (const [text, params, code] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const error = await rejection(pg.query(text, params, { label: 'people' }));
      expect(error).toMatchObject({ code, outcome: 'rejected', label: 'people', connectionFatal: false });
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('ann@');
    }
    const duplicate = await rejection(pg.query('insert into people values (1, null)'));
    expect(duplicate).toMatchObject({
      sqlState: '23505',
      details: { table: 'people', constraint: 'people_pkey', schema: 'public' },
      kind: 'constraint',
    });
    expect(Reflect.get(Object(duplicate), 'unsafeDetails')).toBeTypeOf('function');
  });

  test('COPY as a plain statement does not hang: its data has nowhere to go', async () => {
    await using pg = createPostgres(poolOptions(db(), { pool: { max: 1 } }));
    expect(await pg.execute('copy (select 1) to stdout')).toBe(1);
    await pg.execute('create table copied (n int)');
    expect(await rejection(pg.execute('copy copied from stdin'))).toMatchObject({ sqlState: '57014' });
    expect(await pg.value('select 1')).toBe(1);
    expect(await pg.value('select 2')).toBe(2);
  });

  test('an empty text is no statement and no error', async () => {
    await using pg = createPostgres(poolOptions(db()));
    expect(await pg.query('')).toEqual({ rows: [], rowCount: 0, command: '', fields: [] });
  });

  test('a type parser that throws makes an error of the call, and the connection lives on', async () => {
    await using pg = createPostgres(poolOptions(db(), { pool: { max: 1 } }));
    const pid = await pg.value('select pg_backend_pid()');
    types.setTypeParser(types.builtins.MONEY, () => {
      throw new Error('12.50 is no money');
    });
    const error = await rejection(pg.query('select 12.5::money from generate_series(1, 3)'));
    expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_INTERNAL', outcome: 'unknown' });
    expect(String(error)).not.toContain('12.50');
    expect(await pg.value('select pg_backend_pid()')).toBe(pid);
  });
});
