import { parsed, refused, type Parsed } from './parsed.ts';

const QUANTITY = /^(\d{1,16})(?:\.(\d{1,12}))?([A-Za-z]*)$/u;

/** What a family of quantities accepts; `factors` maps each unit to the number of base units in it. */
export interface Units {
  readonly factors: ReadonlyMap<string, bigint>;
  readonly what: string;
  readonly help: string;
}

/**
 * A number with a unit, or without one in base units, as a whole number of base units.
 * Exact: binary fractions would turn 1.1 s into 1100.0000000000002 ms.
 */
export const parseQuantity = (text: string, units: Units): Parsed<number> => {
  const match = QUANTITY.exec(text);
  const [, whole = '', fraction = '', unit = ''] = match ?? [];
  const factor = unit === '' ? 1n : units.factors.get(unit);
  if (match === null || factor === undefined) return refused(`is not a ${units.what}`, units.help);
  const scaled = BigInt(whole + fraction) * factor;
  const divisor = 10n ** BigInt(fraction.length);
  if (scaled % divisor !== 0n) return refused(`is a fraction of the smallest ${units.what}`, units.help);
  const value = Number(scaled / divisor);
  return Number.isSafeInteger(value) ? parsed(value) : refused('has more digits than a number can hold');
};

/** The largest of the units, given in descending order, that divides the value. */
export const formatQuantity = (
  value: number,
  descending: readonly (readonly [string, number])[],
  base: string,
): string => {
  if (value !== 0) for (const [unit, factor] of descending) if (value % factor === 0) return `${value / factor}${unit}`;
  return `${value}${base}`;
};
