import { describe, expect, test } from 'vitest';

import {
  afterAcquire,
  afterRenewal,
  isSendable,
  noLeases,
  proven,
  releasable,
  targetFor,
  targetOf,
} from '../src/shard-balance.ts';

const RULES = { leaseMs: 10_000, renewMs: 3_000, safetyMs: 2_000 };
const granted = (shards: readonly number[]) => shards.map((shard) => ({ shard, epoch: '1', unclean: 0 }));

describe('shares', () => {
  test.each([
    [0, 64],
    [1, 64],
    [2, 32],
    [3, 22],
    [64, 1],
    [100, 1],
  ])('of %i live relays are %i shards', (live, target) => {
    expect(targetOf(live)).toBe(target);
  });

  test('L3 a relay that cannot send leaves its shards to those that can, takes one to probe, and shares as ever if nobody can', () => {
    const ill = { capable: false, probing: false };
    expect(targetFor({ capable: true, probing: false }, { live: 2, present: 3 })).toBe(32);
    expect(targetFor(ill, { live: 1, present: 2 })).toBe(0);
    expect(targetFor({ ...ill, probing: true }, { live: 1, present: 2 })).toBe(1);
    expect(targetFor(ill, { live: 0, present: 2 })).toBe(32);
  });

  test('S1 a lease ends at the time its statement was sent plus leaseMs', () => {
    const view = afterAcquire(noLeases(0), { sentAtMs: 1_000, shards: granted([1]) }, RULES);
    expect(isSendable(view, 1, { nowMs: 8_999, safetyMs: 2_000 })).toBe(true);
    expect(isSendable(view, 1, { nowMs: 9_000, safetyMs: 2_000 })).toBe(false);
    expect(isSendable(view, 2, { nowMs: 1_000, safetyMs: 2_000 })).toBe(false);
  });

  test('a shard that the database gives to us although we did not know is taken', () => {
    const { view, lost } = afterRenewal(
      noLeases(0),
      { sentAtMs: 0, live: 1, present: 1, target: 64, shards: [{ shard: 9, epoch: '4' }] },
      RULES,
    );
    expect(view.shards.get(9)).toMatchObject({ epoch: '4', surplus: false });
    expect(lost).toEqual([]);
  });

  test('a surplus is marked, and unmarked when relays leave', () => {
    const all = Array.from({ length: 64 }, (_, shard) => shard);
    const shards = all.map((shard) => ({ shard, epoch: '1' }));
    const owned = afterAcquire(noLeases(0), { sentAtMs: 0, shards: granted(all) }, RULES);
    const two = afterRenewal(owned, { sentAtMs: 100, live: 2, present: 2, target: 32, shards }, RULES).view;
    expect(releasable(two, new Set([63]))).toHaveLength(31);
    expect(isSendable(two, 40, { nowMs: 200, safetyMs: 2_000 })).toBe(false);
    const one = afterRenewal(two, { sentAtMs: 200, live: 1, present: 1, target: 64, shards }, RULES).view;
    expect(releasable(one, new Set())).toEqual([]);
  });

  test('a proven shard is proven once', () => {
    const view = afterAcquire(noLeases(0), { sentAtMs: 0, shards: granted([1]) }, RULES);
    const after = proven(view, [1, 2]);
    expect(after.shards.get(1)?.proven).toBe(true);
    expect(proven(after, [1, 2])).toBe(after);
  });
});
