/** Turns the texts in which the server sends a row into values. */
import { types as driverTypes } from 'pg';

import type { WireField } from './pool-port.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

/** A row: column name → value, parsed by the driver's type parsers. */
export type Row = Readonly<Record<string, unknown>>;

/** A row as `rowMode: 'array'` gives it: the values in the order of the columns, also of those with equal names. */
export type ArrayRow = readonly unknown[];

export type AnyRow = Row | ArrayRow;

/** OID of a type → what makes a value of its text. NULL is never given to it. A type that is not named keeps the driver's parser. */
export type TypeParsers = Readonly<Record<number, (text: string) => unknown>>;

export type RowMode = 'object' | 'array';

/** How the rows of one statement are read. */
export interface RowDecoding {
  readonly rowMode: RowMode;
  readonly types: TypeParsers | undefined;
}

type ParseValue = (text: string) => unknown;

/** What came over the wire; throws what a parser throws. */
export type RowDecoder = (texts: readonly (string | null)[]) => AnyRow;

/** @throws {@link ArgumentInvalidError} */
export const checkedDecoding = (rowMode: RowMode = 'object', types?: TypeParsers): RowDecoding => {
  if (rowMode !== 'object' && rowMode !== 'array')
    throw new ArgumentInvalidError({ argument: 'rowMode', expected: 'object or array' });
  const isMap = typeof types === 'object' && Object.values(types).every((parser) => typeof parser === 'function');
  if (types !== undefined && !isMap)
    throw new ArgumentInvalidError({ argument: 'types', expected: 'a function for each OID' });
  return { rowMode, types };
};

const parserOf = (typeId: number, types: TypeParsers | undefined): ParseValue =>
  // oxlint-disable-next-line typescript/no-unsafe-return -- typed `any` by the driver; its contract is text in, value out
  types?.[typeId] ?? driverTypes.getTypeParser(typeId, 'text');

const valueOf = (text: string | null | undefined, parse: ParseValue | undefined): unknown =>
  text === null || text === undefined ? null : parse?.(text);

/** Objects have all columns as own properties: they share one shape, and a column named `__proto__` is only a column. */
const objectDecoder = (fields: readonly WireField[], parsers: readonly ParseValue[]): RowDecoder => {
  // With a prototype: V8 copies an object without one property by property.
  const template: Record<string, unknown> = Object.fromEntries(fields.map(({ name }) => [name, null]));
  const names = fields.map(({ name }) => name);
  return (texts) => {
    const row = { ...template };
    let index = 0;
    for (const name of names) {
      const text = texts[index];
      if (text !== null && text !== undefined) row[name] = parsers[index]?.(text);
      index += 1;
    }
    return row;
  };
};

export const rowDecoder = (fields: readonly WireField[], how: RowDecoding | undefined): RowDecoder => {
  const parsers = fields.map(({ dataTypeID }) => parserOf(dataTypeID, how?.types));
  if (how?.rowMode === 'array') return (texts) => texts.map((text, index) => valueOf(text, parsers[index]));
  return objectDecoder(fields, parsers);
};
