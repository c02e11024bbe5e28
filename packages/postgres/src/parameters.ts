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

/** Bind counts them in 16 bits: with one more, `pg` says that there are none, and the server reads values as something else. */
const MAX_PARAMETERS = 65_535;

/**
 * All are mapped before the first byte is written, so that a value that cannot be sent leaves nothing half-sent.
 * @throws {@link ArgumentInvalidError} for a value that cannot be sent, and for more values than a statement can have
 */
export const wireValues = (params: readonly unknown[]): WireValue[] => {
  if (params.length > MAX_PARAMETERS)
    throw new ArgumentInvalidError({
      argument: 'params',
      expected: `at most ${MAX_PARAMETERS} values; insertMany has no such limit`,
    });
  return params.map((value, index) => {
    if (typeof value === 'string') return value;
    return typeof value === 'number' ? String(value) : wireValue(value, () => `$${index + 1}`);
  });
};
