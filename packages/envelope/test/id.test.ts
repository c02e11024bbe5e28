import { createIdGenerator } from '@busbar/envelope';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { advanceIdClock } from '../src/id.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const msOf = (id: string): number => Number.parseInt(id.replace('-', '').slice(0, 12), 16);
const filled = (byte: number) => (count: number) => new Uint8Array(count).fill(byte);
/** `count` ids in the order in which they were made. */
const take = (next: () => string, count: number): string[] => Array.from({ length: count }, () => next());

describe('createIdGenerator', () => {
  it('C3 makes UUIDv7 of the current millisecond', () => {
    const nowMs = 1_764_000_000_123;
    const id = createIdGenerator({ wallClock: () => nowMs })();
    expect(id).toMatch(UUID_V7);
    expect(msOf(id)).toBe(nowMs);
  });

  it('C3 uses the real clock and real randomness unless told otherwise', () => {
    const ids = take(createIdGenerator(), 5_000);
    expect(new Set(ids).size).toBe(5_000);
    expect(ids.toSorted()).toEqual(ids);
    expect(Math.abs(msOf(ids[0] ?? '') - Date.now())).toBeLessThan(5_000);
  });

  it('C3 counts up within a millisecond and leaves the lower 48 bits to chance', () => {
    let byte = 0;
    const bytes = (count: number) => Uint8Array.from({ length: count }, () => (byte = (byte + 1) & 255));
    const [a = '', b = ''] = take(createIdGenerator({ wallClock: () => 1, randomBytes: bytes }), 2);
    const counterOf = (id: string) =>
      Number.parseInt(id.slice(15, 18), 16) * 2 ** 14 + (Number.parseInt(id.slice(19, 23), 16) & 0x3f_ff);
    expect(counterOf(b)).toBe(counterOf(a) + 1);
    expect(a.slice(24)).not.toBe(b.slice(24));
  });

  it('C3 leaves room for 2^25 ids above the highest start of a millisecond', () => {
    const id = createIdGenerator({ wallClock: () => 1, randomBytes: filled(0xff) })();
    expect(id).toBe('00000000-0001-77ff-bfff-ffffffffffff');
  });

  it('C3 borrows the next millisecond when the counter overflows', () => {
    const clock = { ms: 7, counter: 2 ** 26 - 2 };
    advanceIdClock(clock, 7, () => 0);
    expect(clock).toEqual({ ms: 7, counter: 2 ** 26 - 1 });
    advanceIdClock(clock, 7, () => 0xff_ff_ff_ff);
    expect(clock).toEqual({ ms: 8, counter: 2 ** 25 - 1 });
    advanceIdClock(clock, 7, () => 0);
    expect(clock).toEqual({ ms: 8, counter: 2 ** 25 });
  });

  it('E-I6 ids strictly increase, whatever the clock does', () => {
    const clockReading = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      fc.constantFrom(0, 1, 2, 1.5, Number.NaN, -5),
    );
    fc.assert(
      fc.property(fc.array(clockReading, { minLength: 2, maxLength: 300, size: 'max' }), (clock) => {
        const readings = clock.values();
        const ids = take(createIdGenerator({ wallClock: () => readings.next().value ?? 0 }), clock.length);
        return ids.every((id, at) => UUID_V7.test(id) && (at === 0 || id > (ids[at - 1] ?? '')));
      }),
    );
  });
});
