import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { readClock, spentSince } from '../../src/harness/clock.ts';
import { describeMachine, describePackages, describeSource, isNoisy } from '../../src/harness/environment.ts';
import { cases, floorCases } from '../../src/harness/floor.ts';

test('R-PR-1 BM-6 a run is noisy if a load exceeds the share of the cores', () => {
  expect(isNoisy([0.1, 1.4], 2, 0.7)).toBe(false);
  expect(isNoisy([1.41, 0.1], 2, 0.7)).toBe(true);
});

test('R-PR-1 BM-6 the machine card is the same each time', async () => {
  const card = await describeMachine();
  expect(await describeMachine()).toEqual(card);
  expect(card.cores).toBeGreaterThan(0);
  expect(card.fingerprint).toMatch(/^[0-9a-f]{12}$/);
});

test('R-PR-1 the source is the commit, and outside a repository it is unknown and not clean', async () => {
  expect((await describeSource(fileURLToPath(new URL('.', import.meta.url)))).commit).toMatch(/^[0-9a-f]{40}$/);
  expect(await describeSource(tmpdir())).toEqual({
    commit: 'unknown',
    committedAt: 'unknown',
    branch: 'unknown',
    dirty: true,
  });
});

test('R-PR-1 the versions are those that are installed', async () => {
  const versions = await describePackages(new URL('../../', import.meta.url));
  expect(versions['cockatiel']).toMatch(/^\d+\.\d+\.\d+$/);
});

test('R-PR-1 BM-11 a class without an A/A case is refused', () => {
  expect(() => floorCases(new Set(['system']))).toThrow('there is no A/A case of the class system');
  expect(floorCases(new Set(['process', 'memory-sync'])).map(({ definition }) => definition)).toEqual([
    cases[2],
    cases[0],
  ]);
});

test('R-PR-1 BM-13 the clock of the thread keeps up with a short burst of work', () => {
  // The account of a running thread that nobody brings up to date stands still for up to 4 ms.
  const from = readClock();
  let readings = 0;
  const seen = new Set<number>();
  while (spentSince(from).wall < 3e6) {
    seen.add(spentSince(from).thread);
    readings += 1;
  }
  expect(seen.size).toBeGreaterThan(readings / 4);
});
