import { expect, test } from 'vitest';

import { epochAfter, FIRST_EPOCH, LAST_EPOCH } from '../src/permit.ts';

test('R-CB-7 after the largest epoch comes 1, never 0', () => {
  expect(epochAfter(FIRST_EPOCH)).toBe(2);
  expect(epochAfter(LAST_EPOCH)).toBe(1);
});
