import { describe, expect, test } from 'vitest';

import { partitionOfKey, StickyPartitioner } from '../src/partitioner.ts';

describe('partition of a key', () => {
  test('R-KP-6 a key goes where the Java client puts it', () => {
    // murmur2('foobar') = -790332482, and (hash & 0x7fffffff) % 6
    expect(partitionOfKey('foobar', 6)).toBe((-790_332_482 & 0x7f_ff_ff_ff) % 6);
  });

  test('R-KP-6 text and its bytes are one key, also when it is long', () => {
    for (const key of ['a', 'grüße 🚌', 'x'.repeat(3_000)]) {
      expect(partitionOfKey(key, 97)).toBe(partitionOfKey(Buffer.from(key), 97));
    }
    expect(partitionOfKey('x'.repeat(9_000), 97)).toBe(partitionOfKey(Buffer.alloc(9_000, 'x'), 97));
  });
});

describe('sticky partitioner', () => {
  const limits = { maxBatchRecords: 3, maxBatchBytes: 100 };
  const next = (sticky: StickyPartitioner, bytes = 10): number => sticky.next('t', bytes, () => [4, 5, 6, 7]);

  test('R-KP-6 records without a key stay together until a batch is full', () => {
    const draws = [0, 0.99, 0.5];
    const sticky = new StickyPartitioner(() => draws.shift() ?? 0, limits);
    expect([next(sticky), next(sticky), next(sticky), next(sticky)]).toEqual([4, 4, 4, 7]);
    expect(next(sticky, 95)).toBe(6);
  });

  test('R-KP-6 a batch that has started is not added to', () => {
    const draws = [0, 0.99];
    const sticky = new StickyPartitioner(() => draws.shift() ?? 0, limits);
    expect(next(sticky)).toBe(4);
    sticky.release('t', 5);
    expect(next(sticky)).toBe(4);
    sticky.release('t', 4);
    expect(next(sticky)).toBe(7);
  });
});
