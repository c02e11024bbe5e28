import { expect, test } from 'vitest';

import { visitOrder } from '../../src/harness/visit-order.ts';

test('R-PR-1 BM-7 the order of visits is mirrored', () => {
  for (const round of [0, 1, 2, 7])
    expect(visitOrder(4, round), `round ${round}`).toEqual(visitOrder(4, round).toReversed());
});

test('R-PR-1 BM-7 the order rotates from round to round, and every arm is the first equally often', () => {
  expect(visitOrder(3, 0)).toEqual([0, 1, 2, 2, 1, 0]);
  expect(visitOrder(3, 1)).toEqual([1, 2, 0, 0, 2, 1]);
  expect(visitOrder(3, 5)).toEqual([2, 0, 1, 1, 0, 2]);
  expect([0, 1, 2, 3, 4, 5].map((round) => visitOrder(3, round)[0])).toEqual([0, 1, 2, 0, 1, 2]);
});
