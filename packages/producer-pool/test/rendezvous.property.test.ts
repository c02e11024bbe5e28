import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { firstOf, hashOfName } from '../src/rendezvous.ts';

const producer = (id: string) => ({ id, hash: hashOfName(id) });
const lanes = Array.from({ length: 400 }, (_, lane) => hashOfName(`events/${lane}`));
const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 8 });

describe('PO-2 placement by rendezvous', () => {
  test('R-KP-2 the order of the producers does not matter, also for equal weights', () => {
    fc.assert(
      fc.property(ids, fc.boolean(), (names, collide) => {
        const producers = names.map((id) => (collide ? { id, hash: 7 } : producer(id)));
        for (const lane of lanes.slice(0, 20)) {
          expect(firstOf(lane, producers.toReversed())).toBe(firstOf(lane, producers));
        }
      }),
      { numRuns: 50 },
    );
  });

  test('R-KP-2 a producer that goes moves its own lanes alone, and they spread over the rest', () => {
    fc.assert(
      fc.property(ids, fc.nat(), (names, which) => {
        const producers = names.map(producer);
        const gone = producers[which % producers.length];
        const rest = producers.filter((one) => one !== gone);
        for (const lane of lanes) {
          const before = firstOf(lane, producers);
          const after = firstOf(lane, rest);
          expect(before === gone ? rest : [before]).toContain(after);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('R-KP-2 lanes are spread evenly, and a new producer gets its share', () => {
    const producers = ['pool-1', 'pool-2', 'pool-3', 'pool-4'].map(producer);
    const counts = producers.map((one) => lanes.filter((lane) => firstOf(lane, producers) === one).length);
    // 400 lanes over four: within four standard deviations of a hundred.
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(36);
    const moved = lanes.filter((lane) => firstOf(lane, [...producers, producer('pool-5')])?.id === 'pool-5').length;
    expect(Math.abs(moved - 80)).toBeLessThan(33);
  });

  test('without producers there is none', () => {
    expect(firstOf(1, [])).toBe(undefined);
  });
});
