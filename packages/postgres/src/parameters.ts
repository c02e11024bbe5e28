// oxlint-disable-next-line typescript/triple-slash-reference -- an ambient module of the driver: there is nothing to import
/// <reference path="./pg-utils.d.ts" />
import pgUtils from 'pg/lib/utils.js';

import type { WireValue } from './pool-port.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

type MapValue = (value: unknown) => WireValue;

const asDriver: MapValue = (value) => pgUtils.prepareValue(value);

/**
 * A parameter as it is sent, mapped as `pg` does it: dates, arrays, JSON for objects, `toPostgres()`; or by `map`.
 * @throws {@link ArgumentInvalidError} with the name of the argument, for `undefined` (NULL is `null`) and for a value that cannot be mapped.
 */
export const wireValue = (value: unknown, argument: () => string, map: MapValue = asDriver): WireValue => {
  if (value === undefined)
    throw new ArgumentInvalidError({ argument: argument(), expected: 'a value, or null for NULL' });
  try {
    return map(value);
  } catch (error) {
    throw new ArgumentInvalidError({ argument: argument(), expected: 'a value that can be sent' }, { cause: error });
  }
};

/** All are mapped before the first byte is written, so that a value that cannot be sent leaves nothing half-sent. */
export const wireValues = (params: readonly unknown[]): WireValue[] =>
  params.map((value, index) => {
    if (typeof value === 'string') return value;
    return typeof value === 'number' ? String(value) : wireValue(value, () => `$${index + 1}`);
  });
