import { parsed, refused, type Parsed } from './parsed.ts';

const INTEGER = /^[+-]?\d+$/u;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/u;

/** Adding zero turns -0 into 0, which prints and compares like any other zero. */
const plain = (value: number): number => value + 0;

/** Decimal digits with an optional sign; nothing that would lose a digit. */
export const parseInteger = (text: string): Parsed<number> => {
  if (!INTEGER.test(text)) return refused('is not an integer', 'write decimal digits, for example 10');
  const value = plain(Number(text));
  return Number.isSafeInteger(value) ? parsed(value) : refused('has more digits than a number can hold');
};

/** A decimal number, with exponent if need be. */
export const parseNumber = (text: string): Parsed<number> => {
  if (!DECIMAL.test(text)) return refused('is not a number', 'write it with a decimal point, for example 0.5');
  const value = plain(Number(text));
  return Number.isFinite(value) ? parsed(value) : refused('is too large for a number');
};

/** A decimal number or a percentage: `0.5` and `50%` are the same. */
export const parseRatio = (text: string): Parsed<number> => {
  if (!text.endsWith('%')) return parseNumber(text);
  const percent = parseNumber(text.slice(0, -1).trimEnd());
  return percent.ok ? parsed(percent.value / 100) : percent;
};
