import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Queries, QueryOptions } from '../src/queries.ts';
import { defineStatement } from '../src/statement.ts';
import { rejection } from './eventually.ts';
import { poolOptions } from './pool-options.ts';

const NAMES = 'select name, statement from pg_prepared_statements order by name';

describe('prepared statements on a real server', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = {}) => createPostgres(poolOptions(db(), { pool: { max: 1 }, ...own }));
  const namesOf = async (queries: Queries): Promise<unknown[]> =>
    (await queries.query(NAMES, [], { name: false })).rows.map(({ name }) => name);
  const repeat = async (count: number, run: () => Promise<unknown>): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let n = 0; n < count; n += 1) await run();
  };

  test('S1 what is used often is prepared by itself, a named statement at once, and nothing else', async () => {
    await using pg = open();
    const add = (n: number): Promise<unknown> => pg.value('select $1::int + 1', [n]);
    await repeat(3, () => add(1));
    expect(await namesOf(pg)).toEqual([]);
    expect(await add(4)).toBe(5);
    expect(await add(5)).toBe(6);
    const named = defineStatement({ text: 'select $1::text as t', name: 'text-of' });
    expect([await pg.value(named, ['a']), await pg.value(named, ['b'])]).toEqual(['a', 'b']);
    await repeat(5, () => pg.query('show work_mem'));
    await pg.query('show work_mem', [], { name: 'shown' }); // its columns could become those of something else
    await repeat(5, () => pg.query('select 1', [], { name: false }));
    expect(await namesOf(pg)).toEqual(['busbar_1', 'text-of_2']);
    expect(pg.stats().statements).toEqual({ hits: 2, misses: 2, evicted: 0, reprepared: 0 });
    for (const name of ['', 'x'.repeat(41), 'a\0'])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await rejection(pg.query('select 1', [], { name }))).toMatchObject({
        code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
      });
  });

  test('S1 the columns of a prepared statement are asked for once, and its rows are what they were', async () => {
    await using pg = open();
    const text = 'select $1::int as a, null::text as b, $2::text as "__proto__"';
    const run = async (o: QueryOptions = {}) => {
      const before = pg.stats().operations.read.bytesRead;
      const { rows, fields } = await pg.query(text, [1, 'p'], { name: 'columns', ...o });
      return { rows, fields, bytes: pg.stats().operations.read.bytesRead - before };
    };
    const [described, first, second] = [await run({ name: false }), await run(), await run()];
    expect(second.rows).toEqual(described.rows);
    expect([first.fields, second.fields]).toEqual([described.fields, described.fields]);
    expect(second.fields.map(({ name }) => name)).toEqual(['a', 'b', '__proto__']);
    expect(second.bytes).toBeLessThan(first.bytes - 40); // no RowDescription
    const doubled = (value: string): number => 2 * Number(value);
    expect((await pg.query(text, [4, 'p'], { name: 'columns', types: { 23: doubled } })).rows).toMatchObject([
      { a: 8 },
    ]);
    expect(await pg.query(text, [4, 'p'], { name: 'columns', rowMode: 'array' })).toMatchObject({
      rows: [[4, null, 'p']],
    });
    const nobody = { text: 'select 1 as one where $1::int = 0', name: 'nobody' };
    for (let n = 0; n < 2; n += 1)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await pg.query(nobody.text, [1], nobody)).toMatchObject({ rows: [], fields: [{ name: 'one' }] });
  });

  test('S4 a session that lost its statements gets them again', async () => {
    await using pg = open();
    const one = defineStatement({ text: 'select 1 as one', name: 'one' });
    await pg.query(one);
    await using lease = await pg.lease();
    await lease.execute('discard all');
    expect(await lease.value(one)).toBe(1);
    await lease.execute('deallocate all');
    expect(await lease.value(one)).toBe(1);
    await lease.execute('deallocate one_3');
    expect(await lease.value(one)).toBe(1);
    expect(pg.stats().statements).toEqual({ hits: 1, misses: 4, evicted: 0, reprepared: 1 });
    expect(await rejection(lease.query('execute nobody'))).toMatchObject({ sqlState: '26000' });
    await lease.execute('begin');
    await lease.execute('deallocate one_4');
    expect(await rejection(lease.query(one))).toMatchObject({ code: 'BUSBAR_POSTGRES_SCHEMA_CHANGED' });
    await lease.execute('rollback');
  });

  test('a statement that was refused is prepared again under a new name', async () => {
    await using pg = open();
    const divide = defineStatement({ text: 'select 1 / $1::int as q', name: 'divide' });
    expect(await rejection(pg.query(divide, [0]))).toMatchObject({ sqlState: '22012' });
    expect(await pg.value(divide, [1])).toBe(1);
    expect(await namesOf(pg)).toEqual(['divide_2']);
    expect(await rejection(pg.query('select from where', [], { name: 'wrong' }))).toMatchObject({ sqlState: '42601' });
    expect(await namesOf(pg)).toEqual(['divide_2']);
  });

  test('R-PG-6 bytes are counted by the sort of statement', async () => {
    await using pg = open();
    await pg.query("select repeat('x', 100000)");
    await pg.execute('create table bytes (t text)');
    await pg.execute('insert into bytes values ($1)', ['y'.repeat(50_000)]);
    const { read, write, ddl } = pg.stats().operations;
    expect(read.bytesRead).toBeGreaterThan(100_000);
    expect(read.bytesWritten).toBeLessThan(1_000);
    expect(write.bytesWritten).toBeGreaterThan(50_000);
    expect(write.bytesRead).toBeLessThan(1_000);
    expect(ddl.bytesRead).toBeGreaterThan(0);
  });

  test('without a cache nothing is prepared', async () => {
    await using pg = open({ statements: { cacheSize: 0 } });
    await repeat(6, () => pg.value('select 1', [], { name: 'one' }));
    expect(await namesOf(pg)).toEqual([]);
    expect(pg.stats().statements).toEqual({ hits: 0, misses: 0, evicted: 0, reprepared: 0 });
  });
});
