import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { readResults, runIdOf, writeResults } from '../../src/results/store.ts';
import { sampleResults } from '../fixtures/sample-results.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'busbar-bench-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('R-PR-1 results come back from their file as they went', async () => {
  const path = await writeResults(sampleResults, join(folder, 'new'));
  expect(await readdir(join(folder, 'new'))).toEqual(['20260102T030405Z-0123456789ab.json']);
  expect(await readResults(path)).toEqual(sampleResults);
});

test('R-PR-1 results that do not keep the schema are not written, and not read', async () => {
  const broken = { ...sampleResults, durationMs: Number.NaN };
  await expect(writeResults(broken, folder)).rejects.toThrow('results of benchmarks: /durationMs must be number');
  expect(await readdir(folder)).toEqual([]);
  await writeFile(join(folder, 'old.json'), JSON.stringify({ ...sampleResults, formatVersion: 0 }));
  await expect(readResults(join(folder, 'old.json'))).rejects.toThrow('results of benchmarks: /formatVersion');
});

test('R-PR-1 a run is named by its start in UTC and its commit', () => {
  expect(runIdOf(new Date('2026-01-02T03:04:05.678+01:00'), 'abcdef0123456789')).toBe('20260102T020405Z-abcdef012345');
});
