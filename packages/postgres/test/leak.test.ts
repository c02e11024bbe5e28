import { describe, expect, test } from 'vitest';

import { StackSampling, type LeakStacks } from '../src/leak.ts';

/** How many stacks 512 callers cost, of whom there are so many a millisecond. */
const taken = (
  mode: LeakStacks,
  o: { label?: string; waiting?: number; suspect?: string; perMs?: number } = {},
): number => {
  const sampling = new StackSampling(mode);
  if (o.suspect !== undefined) sampling.suspect(o.suspect);
  const { label, waiting = 0, perMs = 1 } = o;
  return Array.from({ length: 512 }, (_, n) => sampling.wants(label, waiting, n / perMs)).filter(Boolean).length;
};

describe('R-PG-7 whose stacks are taken', () => {
  test.each([
    ['never', {}, 0],
    ['never', { waiting: 1 }, 0],
    ['sampled', { waiting: 1 }, 2],
    ['sampled', { label: 'slow', suspect: 'slow' }, 2],
    ['adaptive', {}, 2],
    ['adaptive', { waiting: 1 }, 512],
    ['adaptive', { waiting: 1, perMs: 64 }, 10], // one a millisecond, and 1 in 256
    ['adaptive', { label: 'slow', suspect: 'slow' }, 512],
    ['adaptive', { label: 'quick', suspect: 'slow' }, 2],
    ['always', {}, 512],
  ] as const)('%s with %j: %i of 512', (mode, o, count) => {
    expect(taken(mode, o)).toBe(count);
  });

  test('suspicion is remembered for 100 labels, and the oldest is forgotten first', () => {
    const sampling = new StackSampling('adaptive');
    for (let n = 0; n <= 100; n += 1) sampling.suspect(`label-${n}`);
    expect([0, 1, 100].map((n) => sampling.wants(`label-${n}`, 0, 0))).toEqual([false, true, true]);
  });
});
