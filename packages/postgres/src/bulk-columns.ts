/** What a column of `insertMany` is called in SQL, and how its values are written, one way for every shape of the statement. */
import { wireValue } from './parameters.ts';
import type { WireValue } from './pool-port.ts';
import { qualifiedName } from './routine.ts';
import { sql, type SqlFragment } from './statement.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

export interface InsertColumn {
  readonly name: string;
  /**
   * Type of its values: one of PostgreSQL's own, as `int8`, `text`, `timestamptz`, `numeric`, `jsonb`, `bytea`, `uuid`, or `schema.name` for any other
   * (enums, domains, `public.citext`), which is quoted; with `[]` behind for arrays. Without a length: that of the column holds.
   */
  readonly type: string;
}

/** Built-in types that keep a value whole when it is cast to them without a length; not `bit` and `char`, which would cut it to one. */
const BUILT_IN: ReadonlySet<string> = new Set(
  (
    'bool int2 int4 int8 float4 float8 numeric money oid text varchar bpchar uuid json jsonb jsonpath xml bytea varbit date time timetz timestamp ' +
    'timestamptz interval inet cidr macaddr macaddr8 pg_lsn tsvector tsquery point line lseg box path polygon circle int4range int8range numrange ' +
    'daterange tsrange tstzrange int4multirange int8multirange nummultirange datemultirange tsmultirange tstzmultirange'
  ).split(' '),
);

const SQL_NAMES: ReadonlyMap<string, string> = new Map([
  ['boolean', 'bool'],
  ['smallint', 'int2'],
  ['int', 'int4'],
  ['integer', 'int4'],
  ['bigint', 'int8'],
  ['real', 'float4'],
  ['double precision', 'float8'],
  ['decimal', 'numeric'],
]);

export interface BulkColumn {
  readonly name: string;
  readonly type: SqlFragment;
  readonly isBytes: boolean;
  readonly isJson: boolean;
}

const ARRAY = '[]';

const typeOf = ({ name, type }: InsertColumn): Omit<BulkColumn, 'name'> => {
  const isArray = type.endsWith(ARRAY);
  const written = isArray ? type.slice(0, -ARRAY.length) : type;
  const base = SQL_NAMES.get(written) ?? written;
  if (!BUILT_IN.has(base) && !base.includes('.'))
    throw new ArgumentInvalidError({
      argument: `type of column "${name}"`,
      expected: 'a built-in type or schema.name',
    });
  const element = BUILT_IN.has(base) ? sql.raw(base) : qualifiedName(`type of column "${name}"`, base);
  return {
    type: isArray ? sql`${element}[]` : element,
    isBytes: !isArray && base === 'bytea',
    isJson: !isArray && (base === 'json' || base === 'jsonb'),
  };
};

/** @throws {@link ArgumentInvalidError} */
export const bulkColumns = (columns: readonly InsertColumn[]): readonly BulkColumn[] => {
  const isList: boolean = Array.isArray(columns);
  if (!isList || columns.length === 0)
    throw new ArgumentInvalidError({ argument: 'columns', expected: 'at least one column' });
  return columns.map((column, index) => {
    const isNamed = typeof column.name === 'string' && column.name !== '' && !column.name.includes('\0');
    if (!isNamed || typeof column.type !== 'string')
      throw new ArgumentInvalidError({ argument: `columns[${index}]`, expected: 'a name and a type' });
    return { name: column.name, ...typeOf(column) };
  });
};

/** `pg` makes an array literal of a list, and a date in the form of SQL: neither is JSON. A string is JSON already, as in every parameter. */
const needsJson = (value: unknown): boolean => Array.isArray(value) || value instanceof Date;

/** A value as text or, for `bytea`, as bytes. @throws {@link ArgumentInvalidError} with row and column */
export const bulkValue = (value: unknown, column: BulkColumn, row: number): WireValue => {
  const argument = (): string => `rows[${row}], column "${column.name}"`;
  const wire =
    column.isJson && needsJson(value)
      ? wireValue(value, argument, (json) => JSON.stringify(json))
      : wireValue(value, argument);
  if (wire === null || column.isBytes === (typeof wire !== 'string')) return wire;
  const expected = column.isBytes ? 'bytes (Buffer, Uint8Array)' : 'no bytes';
  throw new ArgumentInvalidError({ argument: argument(), expected });
};
