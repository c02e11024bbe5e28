/* oxlint-disable no-await-in-loop -- one insert behind the other */
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { encodeArray } from '../src/array-encoder.ts';
import type { InsertMany } from '../src/bulk.ts';
import { createPostgres } from '../src/connection-manager.ts';
import type { PostgresOptions } from '../src/options.ts';
import type { Queries } from '../src/queries.ts';
import { sql } from '../src/statement.ts';
import { rejection } from './eventually.ts';
import { poolOptions } from './pool-options.ts';

const PIECES = 'a é " \\ \' ( ) , { } \n \t \u0001 😀 NULL $1 \\x --'.split(' ').concat(' ');
const textOf = (...more: readonly string[]) =>
  fc.array(fc.constantFrom(...PIECES, ...more), { maxLength: 8 }).map((pieces) => pieces.join(''));
/** Also what is no Unicode, which is sent as U+FFFD. */
const text = textOf('\ud800');
const json = fc.oneof(
  fc.record({ b: textOf(), 'a"': fc.array(fc.option(fc.integer())) }),
  fc.array(textOf()),
  fc.constantFrom('{"b": 1,  "a": "\\\\"}', '"x"', '[1, 2]', 'null', 7, true),
);
const date = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true });
const exact = fc.oneof(fc.integer(), fc.constantFrom<unknown>('1.10', '-0.000001', 'NaN', 1e21, 1e-7));
const bytes = fc.uint8Array({ maxLength: 12 });

/** Name, type, and values of all sorts. */
const COLUMNS: readonly (readonly [name: string, type: string, values: fc.Arbitrary<unknown>])[] = [
  ['Te"xt', 'text', text],
  ['big', 'bigint', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['small', 'int4', fc.integer()],
  ['float', 'double precision', fc.double()],
  ['exact', 'numeric', exact],
  ['flag', 'boolean', fc.boolean()],
  ['at', 'timestamptz', date],
  ['local', 'timestamp', date],
  ['day', 'date', date],
  ['doc', 'json', fc.oneof(json, date)],
  ['bin', 'jsonb', fc.oneof(json, date)],
  ['list', 'text[]', fc.array(fc.option(text), { maxLength: 3 })],
  ['mood', 'public.Mood', fc.constantFrom('so "so"', 'fine')],
  ['key', 'uuid', fc.uuid()],
  ['raw', 'bytea', bytes],
];
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const typeIn = (type: string) => (type === 'public.Mood' ? 'public."Mood"' : type);
const NAMES = COLUMNS.map(([name]) => quoted(name));

const FROM = 'from public."Ways" where way = $1 order by n';
const ARRAYS = { rowMode: 'array' } as const;
const wellFormed = (value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value);

const insert = (way: string, rows: InsertMany['rows']): InsertMany => ({
  table: 'public.Ways',
  columns: [{ name: 'way', type: 'text' }, ...COLUMNS.map(([name, type]) => ({ name, type }))],
  rows: rows.map((row) => [way, ...row]),
});

describe('R-PG-2 X4 insertMany on a real server', () => {
  const db = useTestDatabase();
  const open = (own: PostgresOptions = { pool: { max: 2 } }) => createPostgres(poolOptions(db(), own));

  beforeAll(async () => {
    await using pg = open();
    await pg.execute(`create type public."Mood" as enum ('so "so"', 'fine')`);
    const columns = COLUMNS.map(([name, type]) => `${quoted(name)} ${typeIn(type)}`);
    await pg.execute(`create table public."Ways" (n serial, way text, ${columns.join(', ')})`);
    await pg.execute(`create table items (id int primary key, n int not null default 7 check (n < 100), at serial)`);
  });

  test('rows one by one and all at once give the same content, whatever the values', async () => {
    await using pg = open();
    const row = fc.tuple(...COLUMNS.map(([, , values]) => fc.option(values)));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 2, maxLength: 36 }), (rows) =>
        pg.tx(async (tx) => {
          await tx.execute('truncate public."Ways" restart identity');
          for (const one of rows) await tx.insertMany(insert('one by one', [one]));
          await tx.insertMany(insert('at once', rows));
          const read = (way: string) => tx.query(`select row(${NAMES.join(', ')})::text ${FROM}`, [way], ARRAYS);
          const { rows: single } = await read('one by one');
          expect(single).toHaveLength(rows.length);
          expect((await read('at once')).rows).toEqual(single);
          const back = await tx.query(`select ${NAMES[0]}, ${NAMES.at(-1)} ${FROM}`, ['at once'], ARRAYS);
          expect(back.rows.map(([t, b]) => [t, b instanceof Buffer ? new Uint8Array(b) : b])).toEqual(
            rows.map((values) => [wellFormed(values[0]), values.at(-1)]),
          );
        }),
      ),
      { numRuns: 12 },
    );
  });

  test('an array comes back from the server as it was encoded', async () => {
    await using pg = open();
    const lists = fc.array(fc.tuple(fc.option(text), fc.option(bytes.map((one) => Buffer.from(one)))), {
      maxLength: 9,
    });
    await fc.assert(
      fc.asyncProperty(lists, async (list) => {
        const texts = list.map(([one]) => one);
        const buffers = list.map(([, one]) => one);
        const encoded = [encodeArray(texts, 'text'), encodeArray(buffers, 'bytea')];
        const back = await pg.one('select $1::text[] as texts, $2::bytea[] as buffers', encoded);
        expect(back).toEqual({ texts: texts.map((one) => one?.toWellFormed() ?? null), buffers });
      }),
      { numRuns: 30 },
    );
  });

  const columns = [
    { name: 'id', type: 'int4' },
    { name: 'n', type: 'int4' },
  ];
  const rowsOf = (ids: readonly number[]) => ids.map((id) => [id, id]);
  const upTo = (n: number) => Array.from({ length: n }, (_, id) => id);
  const COUNT = 'select count(*)::int from items';

  test('tells how many rows there are, keeps their order, and leaves defaults to the table', async () => {
    await using pg = open();
    await using lease = await pg.lease();
    for (const [at, ids] of [upTo(0), upTo(1), upTo(21), upTo(80)].entries()) {
      await pg.execute('truncate items restart identity');
      const q: Queries = at % 2 === 0 ? pg : lease;
      expect(await q.insertMany({ table: 'items', columns, rows: rowsOf(ids) })).toEqual({ rows: ids.length });
      expect((await pg.query('select id from items order by at')).rows).toEqual(ids.map((id) => ({ id })));
    }
    await pg.insertMany({ table: 'items', columns: columns.slice(0, 1), rows: [[500]] });
    expect(await pg.value('select n from items where id = 500')).toBe(7);
  });

  test('an error in one row undoes all of them, and a transaction can go on behind a savepoint', async () => {
    await using pg = open();
    await pg.execute('truncate items');
    for (const length of [1, 2, 80]) {
      const rows = [...rowsOf(upTo(length - 1)), [length, 100]];
      const error = await rejection(pg.insertMany({ table: 'items', columns, rows, label: 'import' }));
      expect(error).toMatchObject({ code: 'BUSBAR_POSTGRES_CONSTRAINT', outcome: 'rejected', label: 'import' });
      expect(await pg.value(COUNT)).toBe(0);
    }
    const bad = { table: 'items', columns, rows: [[1, 'many']] };
    expect(await rejection(pg.insertMany(bad))).toMatchObject({ code: 'BUSBAR_POSTGRES_DATA' });
    expect(await rejection(pg.insertMany({ ...bad, table: 'nowhere' }))).toMatchObject({
      code: 'BUSBAR_POSTGRES_SCHEMA',
    });
    const unknown = { ...bad, columns: [{ name: 'id', type: 'app.nothing' }], rows: [[1]] };
    expect(await rejection(pg.insertMany(unknown))).toMatchObject({ code: 'BUSBAR_POSTGRES_SCHEMA' });
    await pg.tx(async (tx) => {
      await rejection(tx.savepoint((inner) => inner.insertMany(bad)));
      await tx.insertMany({ table: 'items', columns, rows: rowsOf([1, 2, 3]) });
    });
    expect(await pg.value(COUNT)).toBe(3);
  });

  test('onConflict says what happens to rows that are there, and the count is of those inserted or changed', async () => {
    await using pg = open();
    await pg.execute('truncate items');
    const put = (ids: readonly number[], onConflict: InsertMany['onConflict']) =>
      pg.insertMany({
        table: 'items',
        columns,
        rows: rowsOf(ids),
        ...(onConflict === undefined ? {} : { onConflict }),
      });
    await put([1, 2], undefined);
    expect(await put([1, 2, 3], sql`do nothing`)).toEqual({ rows: 1 });
    expect(await put([3], sql`(id) do update set n = ${40}`)).toEqual({ rows: 1 });
    expect(await put(upTo(40), sql`(id) do update set n = excluded.n + ${50}`)).toEqual({ rows: 40 });
    expect(await pg.value('select array_agg(n order by id) from items where id < 5')).toEqual([0, 51, 52, 53, 4]);
    const twice = rejection(put([7, 7], sql`(id) do update set n = excluded.n`));
    expect(await twice).toMatchObject({ sqlState: '21000', outcome: 'rejected' });
  });

  test('nothing is sent of what is refused, and a signal and a deadline hold', async () => {
    await using pg = open();
    await pg.execute('truncate items');
    const before = pg.stats().operations.write.count;
    const refused = pg.insertMany({
      table: 'items',
      columns,
      rows: [
        [1, 2],
        [3, undefined],
      ],
    });
    expect(await rejection(refused)).toMatchObject({
      code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID',
      outcome: 'not-sent',
      details: { argument: 'rows[1], column "n"' },
    });
    const rows = rowsOf(upTo(3));
    const injected = pg.insertMany({ table: 'items', columns, rows, onConflict: sql`do nothing -- ${1}` });
    expect(await rejection(injected)).toMatchObject({ code: 'BUSBAR_POSTGRES_ARGUMENT_INVALID' });
    const aborted = pg.insertMany({ table: 'items', columns, rows, signal: AbortSignal.abort() });
    expect(await rejection(aborted)).toMatchObject({ code: 'BUSBAR_POSTGRES_ABORTED', outcome: 'not-sent' });
    expect(pg.stats().operations.write.count).toBe(before);
    await using lease = await pg.lease();
    await lease.query('begin');
    await lease.query('lock table items');
    const late = await rejection(pg.insertMany({ table: 'items', columns, rows, deadlineMs: 60 }));
    expect(late).toMatchObject({ code: 'BUSBAR_POSTGRES_DEADLINE', outcome: 'rejected' });
    await lease.query('rollback');
    expect(await pg.value(COUNT)).toBe(0);
  });
});
