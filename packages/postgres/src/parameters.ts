// oxlint-disable-next-line typescript/triple-slash-reference -- an ambient module of the driver: there is nothing to import
/// <reference path="./pg-utils.d.ts" />
import pgUtils from 'pg/lib/utils.js';

import type { WireValue } from './pool-port.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

/**
 * The parameters as they are sent, mapped as `pg` does it: dates, arrays, JSON for objects, `toPostgres()`.
 * All are mapped before the first byte is written, so that a value that cannot be sent leaves nothing half-sent.
 * @throws {@link ArgumentInvalidError} for `undefined` (NULL is `null`) and for a value that cannot be mapped.
 */
export const wireValues = (params: readonly unknown[]): WireValue[] =>
  params.map((value, index) => {
    if (value === undefined)
      throw new ArgumentInvalidError({ argument: `$${index + 1}`, expected: 'a value, or null for NULL' });
    try {
      return pgUtils.prepareValue(value);
    } catch (error) {
      throw new ArgumentInvalidError(
        { argument: `$${index + 1}`, expected: 'a value that can be sent' },
        { cause: error },
      );
    }
  });
