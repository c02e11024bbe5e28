import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { types } from 'pg';
import { beforeAll, describe, expect, expectTypeOf, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Postgres } from '../src/postgres.ts';
import type { ArrayRow } from '../src/row-decoder.ts';
import type { SettledResult } from '../src/settled-batch.ts';
import { defineStatement, sql } from '../src/statement.ts';
import { rejection } from './eventually.ts';
import { poolOptions } from './pool-options.ts';

const INT8 = types.builtins.INT8;

/** Of options that the compiler would refuse. */
const refusal = (pg: Postgres, options: object): Promise<unknown> => {
  const pending: unknown = Reflect.apply(Reflect.get(pg, 'query'), pg, ['select 1', [], options]);
  return rejection(Promise.resolve(pending));
};

describe('R-PG-2 calls and the forms of their rows on a real server', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = { pool: { max: 1 } }) => createPostgres(poolOptions(db(), own));

  beforeAll(async () => {
    await using pg = open();
    await pg.execute('create schema app');
    await pg.execute('create table items (id int primary key)');
    await pg.execute(`create function app."Sum"(a int, b int default 10) returns int language sql return a + b`);
    await pg.execute(
      `create function put(n int) returns table (id int, twice int) language sql begin atomic
         insert into items select g from generate_series(1, n) g; select i.id, 2 * i.id from items i order by 1; end`,
    );
    await pg.execute(
      `create procedure app.keep(id int, inout n int) language plpgsql as $$
         begin insert into items values (id); commit; n := n + id; insert into items values (id); end $$`,
    );
  });

  test('call runs a function by position, by name, and in a transaction', async () => {
    await using pg = open();
    await using lease = await pg.lease();
    expect((await lease.call('app.Sum', [1, 2])).rows).toEqual([{ Sum: 3 }]);
    lease.release();
    expect((await pg.call('app.Sum', { a: 5 })).rows).toEqual([{ Sum: 15 }]);
    const { rows } = await pg.call<[number]>('app.Sum', { b: null, a: 1 }, { rowMode: 'array' });
    expectTypeOf(rows).toEqualTypeOf<[number][]>();
    expect(rows).toEqual([[null]]);
    const pairs = pg.tx(async (tx) => {
      const put = await tx.call<{ id: number; twice: number }>('put', [2]);
      throw new Error(JSON.stringify(put.rows));
    });
    expect(String(await rejection(pairs))).toBe('Error: [{"id":1,"twice":2},{"id":2,"twice":4}]');
    expect(await pg.value('select count(*)::int from items')).toBe(0);
    expect(await rejection(pg.call('sum', []))).toMatchObject({ code: 'BUSBAR_POSTGRES_SCHEMA', sqlState: '42883' });
    expect(await rejection(pg.call('app.Sum', [undefined]))).toMatchObject({
      code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
      outcome: 'not-sent',
      details: { argument: 'args.0' },
    });
  });

  test('a function may write: a result that is cut off outside of a transaction is unknown', async () => {
    await using pg = open();
    const code = 'BUSBAR_POSTGRES_TOO_MANY_ROWS';
    expect(await rejection(pg.tx((tx) => tx.call('put', [3], { maxRows: 2 })))).toMatchObject({
      code,
      outcome: 'rejected',
    });
    expect(await pg.value('select count(*)::int from items')).toBe(0);
    expect(await rejection(pg.call('put', [3], { maxRows: 2 }))).toMatchObject({ code, outcome: 'unknown' });
    expect(await pg.value('select count(*)::int from items')).toBe(3);
    await pg.execute('truncate items');
  });

  test('call runs a procedure, which may commit by itself', async () => {
    await using pg = open();
    const twice = await rejection(pg.call('app.keep', { id: 4, n: 1 }, { kind: 'procedure' }));
    expect(twice).toMatchObject({ code: 'BUSBAR_POSTGRES_CONSTRAINT' });
    expect(await pg.value('select id from items')).toBe(4);
    await pg.execute('create or replace procedure app.more(inout n int) language sql begin atomic select n + 1; end');
    expect(await pg.call('app.more', [1], { kind: 'procedure' })).toMatchObject({ command: 'CALL', rows: [{ n: 2 }] });
    await pg.execute('truncate items');
  });

  test("rowMode 'array' gives the values in the order of the columns, also those with equal names", async () => {
    await using pg = open();
    const mode = { rowMode: 'array' } as const;
    const both = `select 1 as a, 'x' as a, null::int as b`;
    const result = await pg.query(both, [], mode);
    expectTypeOf(result.rows).toEqualTypeOf<ArrayRow[]>();
    expect(result.rows).toEqual([[1, 'x', null]]);
    expect((await pg.query(both)).rows).toEqual([{ a: 'x', b: null }]);
    expect(await pg.value(both)).toBe(1);
    const [one, maybe, none] = await pg.tx(async (tx) => [
      await tx.one<[number, string, null]>(both, undefined, mode),
      await tx.maybeOne(defineStatement({ text: 'select $1::int' }), [2], mode),
      await tx.maybeOne('select 1 where false', [], mode),
    ]);
    expect([one, maybe, none]).toEqual([[1, 'x', null], [2], undefined]);
    expect(await refusal(pg, { rowMode: 'list' })).toMatchObject({
      code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
      outcome: 'not-sent',
    });
  });

  test('Q7 types hold for one call, or one statement, and never for anybody else', async () => {
    await using pg = open();
    const big = defineStatement({ text: 'select 7::int8 as n, null::int8 as m', types: { [INT8]: BigInt } });
    expect(await pg.one(big)).toEqual({ n: 7n, m: null });
    const [first, second, third] = await Promise.all([
      pg.one(big, [], { types: { [INT8]: Number } }),
      pg.value('select 8::int8'),
      pg.query('select 9::int8, 1::int4', [], { rowMode: 'array', types: { [INT8]: (text) => `<${text}>` } }),
    ]);
    expect([first, second, third.rows]).toEqual([{ n: 7, m: null }, '8', [['<9>', 1]]]);
    const batch = await pg.batch([sql`select ${3}::int8 as n`, { text: 'select 4::int8 as n' }], {
      types: { [INT8]: BigInt },
    });
    expect(batch.map(({ rows }) => rows)).toEqual([[{ n: 3n }], [{ n: 4n }]]);
    expect(await pg.batch([{ text: 'select 5::int8 as n' }])).toMatchObject([{ rows: [{ n: '5' }] }]);
    for (const wrong of [{ 20: 'BigInt' }, 7])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refusal(pg, { types: wrong })).toMatchObject({
        outcome: 'not-sent',
        details: { argument: 'types' },
      });
  });

  const put = (id: number) => ({ text: 'insert into items values ($1)', values: [id] });
  const IDS = 'select array_agg(id order by id) from items';
  const brief = (settled: readonly SettledResult[]) =>
    settled.map((one) => (one.status === 'fulfilled' ? one.value.rowCount : codeOf(one.reason)));
  const codeOf = (reason: unknown): unknown => Reflect.get(Object(reason), 'kind');

  test('B2 a batch that is not atomic settles each statement by itself, on the pool, a lease and a transaction', async () => {
    await using pg = open();
    const apart = { atomic: false } as const;
    const mixed = [
      put(1),
      put(1),
      { text: 'commit' },
      { text: 'copy items to stdout' },
      { text: 'select $1', values: [undefined] },
      put(2),
    ];
    const expected = [1, 'constraint', 'tx-control', 'argument-invalid', 'argument-invalid', 1];
    expect(brief(await pg.batch(mixed, apart))).toEqual(expected);
    expect(await pg.value(IDS)).toEqual([1, 2]);
    await pg.execute('truncate items');
    const inside = await pg.tx(async (tx) => [brief(await tx.batch(mixed, apart)), await tx.value(IDS)]);
    expect([inside, await pg.value(IDS)]).toEqual([
      [expected, [1, 2]],
      [1, 2],
    ]);
    await using lease = await pg.lease();
    await lease.query('begin');
    expect(brief(await lease.batch([put(3), put(3), put(4)], apart))).toEqual([1, 'constraint', 'tx-aborted']);
    await lease.query('rollback');
    expect(await lease.batch([sql`select ${'a'}::text as t`], apart)).toMatchObject([
      { status: 'fulfilled', value: { rows: [{ t: 'a' }] } },
    ]);
    expect(await lease.batch([], apart)).toEqual([]);
    expect(await lease.value(IDS)).toEqual([1, 2]);
    lease.release();
    await pg.execute('truncate items');
  });

  test('B2 the deadline of a batch that is not atomic is one for all, and so is its signal', async () => {
    await using pg = open();
    const slow = { text: 'select pg_sleep(5)' };
    const late = await pg.batch([put(1), slow, put(2), put(3)], { atomic: false, deadlineMs: 80, label: 'late' });
    expect(brief(late)).toEqual([1, 'deadline', 'deadline', 'deadline']);
    expect(late[3]).toMatchObject({ reason: { outcome: 'not-sent', label: 'late', details: { deadlineMs: 80 } } });
    const stop = new AbortController();
    const aborted = pg.batch([slow, put(4)], { atomic: false, signal: stop.signal });
    stop.abort();
    expect(brief(await aborted)).toEqual(['aborted', 'aborted']);
    expect(await pg.value(IDS)).toEqual([1]);
    const outer = pg.tx((tx) => tx.savepoint(() => tx.batch([put(5)], { atomic: false })));
    expect(brief(await outer)).toEqual(['argument-invalid']);
    expect(await pg.value(IDS)).toEqual([1]);
  });
});
