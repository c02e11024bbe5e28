import { expect, test } from 'vitest';

import type { LocatedCase } from '../../src/harness/case-files.ts';
import { loadCases, selectCases } from '../../src/harness/case-files.ts';
import { parseCommandLine } from '../../src/harness/command-line.ts';
import { resolveRunOptions } from '../../src/harness/run-options.ts';

test('R-PR-1 the command line names cases, rounds and a folder', () => {
  expect(parseCommandLine([])).toEqual({ only: [], rounds: undefined, list: false, out: undefined });
  expect(parseCommandLine(['--', '--only', 'B-CB,errors', '--rounds', '40', '--list', '--out', 'x'])).toEqual({
    only: ['B-CB', 'errors'],
    rounds: 40,
    list: true,
    out: 'x',
  });
});

test('R-PR-1 a wrong argument is refused', () => {
  expect(() => parseCommandLine(['--round', '4'])).toThrow(TypeError);
  expect(() => parseCommandLine(['--rounds', 'many'])).toThrow('--rounds many is no whole number');
});

const located = (id: string, folder: string): LocatedCase => ({
  definition: {
    id,
    title: id,
    requirements: [],
    class: 'memory-sync',
    unit: 'ns/op',
    direction: 'smaller',
    arms: [],
    targets: [],
  },
  file: 'file:///cases.ts',
  index: 0,
  folder,
});

test('R-PR-1 a filter is an id, the front of an id, or a folder', () => {
  const cases = [
    located('B-CB-1', 'circuit-breaker'),
    located('B-CB-10', 'circuit-breaker'),
    located('B-ER-1', 'errors'),
  ];
  const ids = (...only: string[]): string[] => selectCases(cases, only).map(({ definition }) => definition.id);
  expect(ids()).toEqual(['B-CB-1', 'B-CB-10', 'B-ER-1']);
  expect(ids('B-CB')).toEqual(['B-CB-1', 'B-CB-10']);
  expect(ids('B-CB-1')).toEqual(['B-CB-1']);
  expect(ids('errors', 'B-CB-10')).toEqual(['B-CB-10', 'B-ER-1']);
  expect(() => ids('errors', 'B-XX')).toThrow('--only B-XX names no case');
});

test('R-PR-1 a file of cases that exports none is refused', async () => {
  const file = new URL('../fixtures/sample-results.ts', import.meta.url).href;
  await expect(loadCases(file)).rejects.toThrow('must export "cases"');
});

test('R-PR-1 BM-7 rounds and lengths come from the class, and every option out of range is named', () => {
  expect(resolveRunOptions({}, 'memory-async')).toMatchObject({ rounds: 20, visitMs: 20 });
  expect(resolveRunOptions({}, 'postgres')).toMatchObject({ rounds: 12, visitMs: 200, warmupMs: 1000 });
  expect(resolveRunOptions({ rounds: 40 }, 'process')).toMatchObject({ rounds: 40, timeoutMs: 600_000 });
  expect(() => resolveRunOptions({ rounds: 3, visitMs: Number.NaN }, 'process')).toThrow(
    'rounds is 3, outside 4..200; visitMs is NaN, outside 5..60000',
  );
});
