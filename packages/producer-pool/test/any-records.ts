import fc from 'fast-check';

import type { FrozenRecord } from '../src/driver.ts';

export const AT_MS = 1_795_922_148_717;

const anyBytes = fc.uint8Array({ maxLength: 300 });
const anyText = fc.string({ unit: 'grapheme', maxLength: 150 });

export const anyRecord = (timestampMs: fc.Arbitrary<number>): fc.Arbitrary<FrozenRecord> =>
  fc.record({
    key: fc.oneof(fc.constant(null), anyText, anyBytes),
    value: fc.oneof(fc.constant(null), anyText, anyBytes),
    headers: fc.oneof(fc.constant({}), fc.dictionary(anyText, fc.oneof(anyText, anyBytes), { maxKeys: 4 })),
    timestampMs,
  });

/** Many of one millisecond, some apart, some further than 32 bits of milliseconds, some with fewer digits. */
const anyTime = fc.oneof(
  fc.constant(AT_MS),
  fc.integer({ min: AT_MS - 100_000, max: AT_MS + 100_000 }),
  fc.integer({ min: AT_MS - 2 ** 33, max: AT_MS }),
  fc.nat(1_000),
);

export const anyRecords = anyTime.chain((time) =>
  fc.oneof(
    fc.array(anyRecord(fc.constant(time)), { minLength: 1, maxLength: 200 }),
    fc.array(anyRecord(anyTime), { minLength: 1, maxLength: 12 }),
  ),
);
