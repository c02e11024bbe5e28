import { expect, test } from 'vitest';

import { chaosReport, inOrderOfGrowth, partitionOf, problemsOf, type Told } from './chaos-report.ts';

const seen = { seed: 1, faults: 1, duplicatesAllowed: 1, violations: [] };
const told = (n: number, offset?: bigint): Told => ({ record: { key: 'k', n, value: `k/${n}` }, partition: 0, offset });
const log = (...names: readonly string[]) =>
  names.map((name, offset) => ({ partition: 0, offset: BigInt(offset), value: Buffer.from(name) }));
const problems = (names: readonly string[], acks: readonly Told[]): readonly string[] =>
  problemsOf(chaosReport(log(...names), acks, seen));

test('a run without loss, with as many duplicates as its faults explain, has no problems', () => {
  expect(problems(['k/0', 'k/1', 'k/0', 'k/2 padded'], [told(0, 0n), told(1, 1n), told(2, 3n)])).toEqual([]);
});

test('loss, inversion, a wrong place and too many duplicates are each told', () => {
  expect(problems(['k/0'], [told(0), told(1)])).toEqual(['1 acknowledged records are not in the log']);
  expect(problems(['k/1', 'k/0'], [])).toEqual(['1 records stand behind later ones of their key']);
  expect(problems(['k/0', 'k/1'], [told(0, 1n)])).toEqual(['1 acknowledgements name the place of another record']);
  expect(problems(['k/0', 'k/0', 'k/0'], [])).toEqual(['2 duplicates of 1 faults, which explain 1']);
});

test('in a topic that grew, the partition a key left comes before the one it went to', () => {
  const keys = Array.from({ length: 100 }, (_, n) => `k${n}`);
  const moves = keys.find((key) => partitionOf(key, 8) < partitionOf(key, 6)) ?? '';
  const [old, young] = [partitionOf(moves, 6), partitionOf(moves, 8)];
  const at = (partition: number, n: number) => ({ partition, offset: 0, value: Buffer.from(`${moves}/${n}`) });
  const stray = at([0, 1, 2].find((other) => other !== old && other !== young) ?? 0, 0);
  const names = (records: readonly { value: Buffer }[]): readonly string[] => records.map(({ value }) => String(value));
  expect(names(inOrderOfGrowth([at(young, 1), at(old, 0)], [6, 8]))).toEqual([`${moves}/0`, `${moves}/1`]);
  expect(inOrderOfGrowth([stray, at(old, 1)], [6, 8]).at(-1)).toBe(stray);
});
