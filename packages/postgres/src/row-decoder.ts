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

export interface Field {
  readonly name: string;
  /** OID of the column's type. */
  readonly typeId: number;
}

/** What is the same for all rows of a statement. */
export interface RowShape {
  readonly fields: readonly Field[];
  /**
   * All columns as own properties: the rows share one shape, and a column named `__proto__` is only a column. With a prototype: V8 copies an object without
   * one property by property.
   */
  readonly template: Row;
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

export const rowShape = (described: readonly WireField[]): RowShape => {
  const fields = described.map(({ name, dataTypeID }) => ({ name, typeId: dataTypeID }));
  return { fields, template: Object.fromEntries(fields.map(({ name }) => [name, null])) };
};

const objectDecoder = ({ fields, template }: RowShape, parsers: readonly ParseValue[]): RowDecoder => {
  return (texts) => {
    const row: Record<string, unknown> = { ...template };
    let index = 0;
    for (const { name } of fields) {
      const text = texts[index];
      if (text !== null && text !== undefined) row[name] = parsers[index]?.(text);
      index += 1;
    }
    return row;
  };
};

/** The parsers are looked up each time: a user may have changed the driver's. */
export const rowDecoder = (shape: RowShape, how: RowDecoding | undefined): RowDecoder => {
  const parsers = shape.fields.map(({ typeId }) => parserOf(typeId, how?.types));
  if (how?.rowMode === 'array') return (texts) => texts.map((text, index) => valueOf(text, parsers[index]));
  return objectDecoder(shape, parsers);
};
