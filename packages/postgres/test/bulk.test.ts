import { describe, expect, test } from 'vitest';

import { encodeArray } from '../src/array-encoder.ts';
import { insertStatement, type InsertMany } from '../src/bulk.ts';
import { sql } from '../src/statement.ts';

const ID_AND_NOTE: InsertMany['columns'] = [
  { name: 'id', type: 'bigint' },
  { name: 'no"te', type: 'text' },
];
const rowsOf = (n: number): [number, string][] => Array.from({ length: n }, (_, id) => [id, 'x']);
const statement = (o: Partial<InsertMany>) => {
  const made = insertStatement({ table: 'app.Notes', columns: ID_AND_NOTE, rows: rowsOf(1), ...o });
  return made === undefined ? made : { text: made.text, values: made.values };
};
const refusal = (o: Partial<InsertMany>): string => {
  try {
    statement(o);
  } catch (error) {
    return String(error);
  }
  return 'nothing';
};

describe('R-PG-2 X4 the statement of insertMany', () => {
  test('one row is VALUES, with every name quoted and every value cast', () => {
    expect(statement({})).toEqual({
      text: 'insert into "app"."Notes" ("id", "no""te") values ($1::int8, $2::text)',
      values: ['0', 'x'],
    });
    expect(statement({ rows: [] })).toBeUndefined();
  });

  test('more rows are arrays in one text for every number, those of bytea as bytes', () => {
    const many = statement({ rows: rowsOf(2) });
    expect(many).toEqual({
      text: 'insert into "app"."Notes" ("id", "no""te") select c0::int8, c1::text from unnest($1::text[], $2::text[]) as r(c0, c1)',
      values: [encodeArray(['0', '1'], 'text'), encodeArray(['x', 'x'], 'text')],
    });
    expect(statement({ rows: rowsOf(1_000) })?.text).toBe(many?.text);
    const rows = [[Buffer.of(1)], [null]];
    expect(statement({ columns: [{ name: 'b', type: 'bytea' }], rows })).toEqual({
      text: 'insert into "app"."Notes" ("b") select c0::bytea from unnest($1::bytea[]) as r(c0)',
      values: [encodeArray([Buffer.of(1), null], 'bytea')],
    });
  });

  test('onConflict stands behind, and its values come last', () => {
    const onConflict = sql`(id) do update set note = ${'again'}`;
    expect(statement({ onConflict })).toEqual({
      text: 'insert into "app"."Notes" ("id", "no""te") values ($1::int8, $2::text) on conflict (id) do update set note = $3',
      values: ['0', 'x', 'again'],
    });
    expect(statement({ rows: rowsOf(2), onConflict })?.text).toMatch(/ as r\(c0, c1\) on conflict .* note = \$3$/);
  });

  test('types of the caller are quoted, and what is neither his nor built in is refused', () => {
    const typed = (type: string) => statement({ columns: [{ name: 'a', type }], rows: [[null]] })?.text;
    expect(typed('app.Mood')).toContain('($1::"app"."Mood")');
    expect(typed('app.Mood[]')).toContain('($1::"app"."Mood"[])');
    expect(typed('double precision[]')).toContain('($1::float8[])');
    for (const type of ['mood', 'int4; drop table x', 'varchar(3)', 'char', '', '[]', 'app.', 'a.b.c'])
      expect(refusal({ columns: [{ name: 'a', type }], rows: [[null]] })).toContain('type of column "a": expected');
  });

  test('what cannot be sent is refused by row and column, and never shown', () => {
    const secret = { toPostgres: () => Buffer.from('s3cret') };
    expect(
      refusal({
        rows: [
          [1, 'a'],
          [2, undefined],
        ],
      }),
    ).toContain('rows[1], column "no"te": expected a value, or null for NULL');
    expect(refusal({ rows: [[1, secret]] })).toMatch(/rows\[0\], column "no"te": expected no bytes$/);
    const broken = {
      toPostgres: () => {
        throw new Error('s3cret');
      },
    };
    expect(refusal({ rows: [[broken, 'a']] })).toMatch(/rows\[0\], column "id": expected a value that can be sent$/);
    const columns = [{ name: 'b', type: 'bytea' }];
    expect(refusal({ columns, rows: [['s3cret']] })).toMatch(
      /rows\[0\], column "b": expected bytes \(Buffer, Uint8Array\)$/,
    );
    expect(refusal({ rows: [[1, 'a'], [2]] })).toMatch(/rows\[1\]: expected a list of 2 values$/);
  });

  test.for<[what: string, o: Record<string, unknown>, says: RegExp]>([
    ['rows that are no list', { rows: 'abc' }, /rows: expected a list of rows/],
    // oxlint-disable-next-line unicorn/no-new-array -- a list with a hole in it
    ['a row that is not there', { rows: new Array(2) }, /rows\[0\]: expected a list of 2 values/],
    ['a row that is no list', { rows: [{ id: 1, note: 'a' }] }, /rows\[0\]: expected a list of 2 values/],
    ['no columns', { columns: [] }, /columns: expected at least one column/],
    ['columns that are no list', { columns: { id: 'int8' } }, /columns: expected at least one column/],
    ['a column without a name', { columns: [{ name: '', type: 'int8' }] }, /columns\[0\]: expected a name and a type/],
    ['a column without a type', { columns: [{ name: 'a' }] }, /columns\[0\]: expected a name and a type/],
    ['an empty table', { table: '' }, /table: expected a name, or schema\.name/],
    ['three names for a table', { table: 'a.b.c' }, /table: expected a name, or schema\.name/],
    ['no table', { table: undefined }, /table: expected a name, or schema\.name/],
    ['text as onConflict', { onConflict: 'do nothing' }, /onConflict: expected a fragment/],
  ])('%s: refused', ([, o, says]) => {
    expect(refusal(o)).toMatch(says);
  });

  test('the values of one call are bounded', () => {
    const text = 'x'.repeat(33_554_432);
    expect(refusal({ rows: [[1, text]] })).toBe('nothing');
    const columns = [{ name: 'no"te', type: 'text' }];
    expect(refusal({ columns, rows: [[text], [text]] })).toBe('nothing');
    expect(refusal({ columns, rows: [[text], [text], ['x']] })).toMatch(/rows: expected at most 67108864 characters/);
  });

  test('an array is written as PostgreSQL reads it', () => {
    const header = (length: number, oid: number, hasNull = 0) => [
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      hasNull,
      0,
      0,
      0,
      oid,
      0,
      0,
      0,
      length,
      0,
      0,
      0,
      1,
    ];
    expect([...encodeArray([], 'text')]).toEqual(header(0, 25));
    expect([...encodeArray(['é', null], 'text')]).toEqual([
      ...header(2, 25, 1),
      0,
      0,
      0,
      2,
      0xc3,
      0xa9,
      255,
      255,
      255,
      255,
    ]);
    expect([...encodeArray([Buffer.of(0, 92)], 'bytea')]).toEqual([...header(1, 17), 0, 0, 0, 2, 0, 92]);
  });
});
