import { OutboxPortViolationError } from './errors.ts';

/**
 * Rows of a foreign client are narrowed here, not trusted: a client that returns something else than was selected is a port that
 * breaks its contract.
 */
const field = (row: unknown, name: string): unknown => {
  if (typeof row !== 'object' || row === null || !(name in row))
    throw new OutboxPortViolationError({ what: `a row without the column ${name}` });
  const value: unknown = Reflect.get(row, name);
  return value;
};

const refuse = (name: string, expected: string): OutboxPortViolationError =>
  new OutboxPortViolationError({ what: `column ${name} is not ${expected}` });

/** A number, also where the client gives numeric or int8 as text. */
export const numberIn = (row: unknown, name: string): number => {
  const value = field(row, name);
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'bigint') return Number(number);
  if (typeof number !== 'number' || Number.isNaN(number)) throw refuse(name, 'a number');
  return number;
};

/** An int8 that was selected as text. */
export const bigintIn = (row: unknown, name: string): bigint => {
  const value = field(row, name);
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) throw refuse(name, 'an integer as text');
  return BigInt(value);
};

export const textIn = (row: unknown, name: string): string => {
  const value = field(row, name);
  if (typeof value !== 'string') throw refuse(name, 'text');
  return value;
};

export const textOrNullIn = (row: unknown, name: string): string | null =>
  field(row, name) === null ? null : textIn(row, name);

export const bytesOrNullIn = (row: unknown, name: string): Uint8Array | null => {
  const value = field(row, name);
  if (value !== null && !(value instanceof Uint8Array)) throw refuse(name, 'bytes');
  return value;
};

export const booleanIn = (row: unknown, name: string): boolean => {
  const value = field(row, name);
  if (typeof value !== 'boolean') throw refuse(name, 'a boolean');
  return value;
};
