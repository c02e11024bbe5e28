import { expect, test } from 'vitest';

import { failureClassOf } from '../src/failure-class.ts';
import { failed } from './support/rows.ts';

test.each([
  ['record', 'rejected', 'event'],
  ['record', 'not-sent', 'event'],
  ['record', 'unknown', 'lane'],
  ['topic', 'rejected', 'topic'],
  ['lane', 'unknown', 'lane'],
  ['broker', 'not-sent', 'broker'],
] as const)('I6 scope %s with outcome %s is a fault of the %s', (scope, outcome, expected) => {
  expect(failureClassOf(failed(scope, outcome))).toBe(expected);
});

test('I6 a scope that nobody knows counts as the broker’s: nothing is parked for it', () => {
  expect(failureClassOf(Object.assign(failed('broker', 'rejected'), { scope: 'moon' }))).toBe('broker');
});
