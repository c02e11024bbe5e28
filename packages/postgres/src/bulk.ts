/**
 * Rows → the statements that insert them, by the number of rows:
 *
 *   1         VALUES
 *   2..32     VALUES of powers of two in one group, so that few texts are prepared: 21 = 16 + 4 + 1
 *   above     one statement for every number: `jsonb_to_recordset`, or `unnest` where a column is bytea, which JSON would double
 *
 * Invariants: each value is written by its column alone (`bulkValue`) and cast to the column's type, so every shape inserts the same. With
 * `onConflict` there is one statement, whatever the number of rows: which rows meet each other must not depend on it. An error anywhere undoes
 * all rows: the statements share one Sync group.
 */
import { encodeArray } from './array-encoder.ts';
import { bulkColumns, bulkValue, type BulkColumn, type InsertColumn } from './bulk-columns.ts';
import type { WireValue } from './pool-port.ts';
import { qualifiedName } from './routine.ts';
import { sql, SqlFragment } from './statement.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

export type { InsertColumn } from './bulk-columns.ts';

export interface InsertMany {
  /** Name, or `schema.name`, as it is in the catalogue: it is quoted. */
  readonly table: string;
  /** What each row has, in this order. Columns that are not named get their default. */
  readonly columns: readonly InsertColumn[];
  /**
   * One value for each column. `bytea` takes bytes (Buffer, Uint8Array), `json` and `jsonb` take strings as JSON that is written already and everything
   * else as a value; otherwise as in a parameter. All values together: at most 67_108_864 characters and bytes; more is work for `copyIn`.
   */
  readonly rows: readonly (readonly unknown[])[];
  /** What follows ON CONFLICT: sql`(id) do nothing`. */
  readonly onConflict?: SqlFragment;
}

const MAX_VALUES_ROWS = 32;
const MAX_CHARS = 67_108_864;

interface Bulk {
  readonly target: SqlFragment;
  readonly columns: readonly BulkColumn[];
  readonly rows: readonly (readonly WireValue[])[];
  readonly conflict: SqlFragment;
}

/** @throws {@link ArgumentInvalidError} */
const wireRows = (columns: readonly BulkColumn[], rows: InsertMany['rows']): readonly (readonly WireValue[])[] => {
  if (!Array.isArray(rows)) throw new ArgumentInvalidError({ argument: 'rows', expected: 'a list of rows' });
  let chars = 0;
  const wire = rows.map((row: unknown, index) => {
    if (!Array.isArray(row) || row.length !== columns.length)
      throw new ArgumentInvalidError({ argument: `rows[${index}]`, expected: `a list of ${columns.length} values` });
    const values = columns.map((column, at) => bulkValue(row[at], column, index));
    for (const value of values) chars += value?.length ?? 0;
    return values;
  });
  if (chars > MAX_CHARS)
    throw new ArgumentInvalidError({ argument: 'rows', expected: `at most ${MAX_CHARS} characters and bytes in all` });
  return wire;
};

const byValues = ({ target, columns, conflict }: Bulk, rows: Bulk['rows']): SqlFragment => {
  const cells = rows.map((row) => sql.join(columns.map(({ type }, at) => sql`${row[at]}::${type}`)));
  return sql`insert into ${target} values (${sql.join(cells, sql`), (`)})${conflict}`;
};

const fieldOf = (at: number): string => `c${at}`;

/** From a relation that has the values as text (or bytes) in columns `c0`, `c1`, … */
const bySelect = ({ target, columns, conflict }: Bulk, relation: SqlFragment): SqlFragment => {
  const selected = columns.map(({ type }, at) => sql`${sql.raw(fieldOf(at))}::${type}`);
  return sql`insert into ${target} select ${sql.join(selected)} from ${relation}${conflict}`;
};

const byRecordset = (bulk: Bulk): SqlFragment => {
  const records = bulk.rows.map((row) =>
    Object.fromEntries(row.map((value, at) => [fieldOf(at), typeof value === 'string' ? value.toWellFormed() : null])),
  );
  const fields = bulk.columns.map((_, at) => sql.raw(`${fieldOf(at)} text`));
  return bySelect(bulk, sql`jsonb_to_recordset(${JSON.stringify(records)}) as r(${sql.join(fields)})`);
};

const byUnnest = (bulk: Bulk): SqlFragment => {
  const { columns, rows } = bulk;
  const arrays = columns.map(({ isBytes }, at) => {
    const type = isBytes ? 'bytea' : 'text';
    const elements = rows.map((row) => row[at] ?? null);
    return sql`${encodeArray(elements, type)}::${sql.raw(type)}[]`;
  });
  const fields = columns.map((_, at) => sql.raw(fieldOf(at)));
  return bySelect(bulk, sql`unnest(${sql.join(arrays)}) as r(${sql.join(fields)})`);
};

/** The rows in pieces of powers of two, the largest first. */
const piecesOf = (rows: Bulk['rows']): Bulk['rows'][] => {
  const pieces: Bulk['rows'][] = [];
  for (let from = 0; from < rows.length; from += pieces.at(-1)?.length ?? 0)
    pieces.push(rows.slice(from, from + 2 ** Math.floor(Math.log2(rows.length - from))));
  return pieces;
};

/** @throws {@link ArgumentInvalidError} */
export const insertStatements = (o: InsertMany): readonly SqlFragment[] => {
  const { onConflict } = o;
  if (onConflict !== undefined && !(onConflict instanceof SqlFragment))
    throw new ArgumentInvalidError({ argument: 'onConflict', expected: 'a fragment of sql`…`' });
  const columns = bulkColumns(o.columns);
  const names = sql.join(columns.map(({ name }) => sql.id(name)));
  const bulk: Bulk = {
    target: sql`${qualifiedName('table', o.table)} (${names})`,
    columns,
    rows: wireRows(columns, o.rows),
    conflict: onConflict === undefined ? sql`` : sql` on conflict ${onConflict}`,
  };
  const atOnce = onConflict === undefined ? MAX_VALUES_ROWS : 1;
  if (bulk.rows.length <= atOnce) return piecesOf(bulk.rows).map((rows) => byValues(bulk, rows));
  return [columns.some(({ isBytes }) => isBytes) ? byUnnest(bulk) : byRecordset(bulk)];
};
