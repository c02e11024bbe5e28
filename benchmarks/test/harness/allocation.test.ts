import { expect, test } from 'vitest';

import { bytesPerOperation, type HeapProbe, sampleBytes } from '../../src/harness/allocation.ts';

/** A heap that grows by what is allocated and is collected when it exceeds its limit. */
const fakeHeap = (limitBytes: number) => {
  let used = 0;
  let collections = 0;
  const allocate = (bytes: number): void => {
    used += bytes;
    if (used <= limitBytes) return;
    used = 0;
    collections += 1;
  };
  const probe: HeapProbe = {
    collect: () => {
      used = 0;
      return Promise.resolve();
    },
    usedBytes: () => used,
    watch: () => {
      const before = collections;
      return () => collections - before;
    },
  };
  return { allocate, probe };
};

const MIB = 1024 * 1024;

test('R-PR-1 BM-14 a sample is the growth of the heap by an operation', async () => {
  const { allocate, probe } = fakeHeap(256 * MIB);
  expect(await sampleBytes((iterations) => allocate(96 * iterations), 1000, probe)).toBe(96);
});

test('R-PR-1 BM-14 a collection in between voids a sample', async () => {
  const { allocate, probe } = fakeHeap(1 * MIB);
  expect(await sampleBytes((iterations) => allocate(2 * MIB * iterations), 1, probe)).toBeUndefined();
});

test('R-PR-1 BM-14 a sample allocates at most 64 MiB, and a voided one is taken again with half the operations', async () => {
  const counts: number[] = [];
  const { allocate, probe } = fakeHeap(40 * MIB);
  const run = (iterations: number): void => {
    counts.push(iterations);
    allocate(1024 * iterations);
  };
  expect(await bytesPerOperation(run, 10_000_000, probe)).toEqual([1024, 1024, 1024, 1024, 1024]);
  expect(counts).toEqual([1000, 65_536, 32_768, 32_768, 32_768, 32_768, 32_768]);
});

test('R-PR-1 BM-14 an operation that allocates nothing is done as often as was asked, and no more', async () => {
  const counts: number[] = [];
  const run = (iterations: number): void => {
    counts.push(iterations);
  };
  expect(await bytesPerOperation(run, 5000, fakeHeap(MIB).probe)).toEqual([0, 0, 0, 0, 0]);
  expect(counts).toEqual([1000, 5000, 5000, 5000, 5000, 5000]);
});

test('R-PR-1 BM-14 an operation that is collected every time has no bytes', async () => {
  const { allocate, probe } = fakeHeap(MIB);
  await expect(bytesPerOperation(() => allocate(2 * MIB), 1000, probe)).rejects.toThrow(
    'collections voided 21 samples',
  );
});
