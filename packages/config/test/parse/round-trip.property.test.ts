import fc from 'fast-check';
import { expect, it } from 'vitest';

import { formatByteSize, parseByteSize } from '../../src/parse/byte-size.ts';
import { formatDuration, parseDuration } from '../../src/parse/duration.ts';
import { parseInteger, parseNumber } from '../../src/parse/number.ts';
import { parsed } from '../../src/parse/parsed.ts';

it('reads back every duration and byte size that is shown', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.maxSafeNat(),
        fc.nat(100).map((n) => n * 1000),
      ),
      (n) => {
        expect(parseDuration(formatDuration(n))).toEqual(parsed(n));
        expect(parseByteSize(formatByteSize(n))).toEqual(parsed(n));
      },
    ),
  );
});

it('reads back every number as JavaScript writes it', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }), (integer, number) => {
      expect(parseInteger(String(integer))).toEqual(parsed(integer));
      expect(parseNumber(String(number))).toEqual(parsed(number + 0));
    }),
  );
});
