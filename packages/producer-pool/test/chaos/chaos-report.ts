import type { FakeRecord } from '../../src/testing/index.ts';

/** A record to publish; its value names it. */
export interface ChaosRecord {
  readonly key: string;
  /** Place in the publish order of its key. */
  readonly n: number;
  readonly value: string;
}

/** What a client was told of a record: the place of it, as far as it was told. */
export interface Told {
  readonly record: ChaosRecord;
  readonly partition?: number;
  readonly offset?: bigint | undefined;
}

export interface ChaosReport {
  readonly seed: number;
  readonly acknowledged: number;
  /** Acknowledged, and not in the log. */
  readonly lost: number;
  /** Occurrences of a record beyond its first. */
  readonly duplicates: number;
  /** First occurrences in the log that come after one of a later record of the same key. */
  readonly inversions: number;
  /** Acknowledged with the place of another record. */
  readonly misplaced: number;
  readonly faults: number;
  readonly violations: readonly string[];
  /** Records in it. */
  readonly largestBatch: number;
}

export const nameOf = ({ key, n }: Pick<ChaosRecord, 'key' | 'n'>): string => `${key}/${n}`;

const inversionsIn = (names: Iterable<string>): number => {
  const latest = new Map<string, number>();
  let inversions = 0;
  for (const name of names) {
    const [key = '', n] = name.split('/');
    const last = latest.get(key) ?? -1;
    if (Number(n) < last) inversions += 1;
    latest.set(key, Math.max(last, Number(n)));
  }
  return inversions;
};

/** Holds what was told against what is in the log. */
export const chaosReport = (
  log: readonly FakeRecord[],
  told: readonly Told[],
  seen: Pick<ChaosReport, 'seed' | 'faults' | 'violations' | 'largestBatch'>,
): ChaosReport => {
  // The name is the beginning of the value, padded or not.
  const names = log.map(({ value }) => value?.toString('latin1').split(' ')[0] ?? '');
  const places = new Map(log.map(({ partition, offset }, index) => [`${partition}@${offset}`, names[index]]));
  const first = new Set(names);
  return {
    acknowledged: told.length,
    lost: told.filter(({ record }) => !first.has(nameOf(record))).length,
    duplicates: names.length - first.size,
    inversions: inversionsIn(first),
    misplaced: told.filter(
      ({ record, partition, offset }) =>
        offset !== undefined && places.get(`${partition}@${offset}`) !== nameOf(record),
    ).length,
    ...seen,
  };
};

/** What a pool may not do. */
export const problemsOf = (report: ChaosReport): readonly string[] => [
  ...(report.lost > 0 ? [`${report.lost} acknowledged records are not in the log`] : []),
  ...(report.inversions > 0 ? [`${report.inversions} records stand behind later ones of their key`] : []),
  ...(report.misplaced > 0 ? [`${report.misplaced} acknowledgements name the place of another record`] : []),
  ...(report.duplicates > report.faults * report.largestBatch
    ? [`${report.duplicates} duplicates of ${report.faults} faults`]
    : []),
  ...report.violations,
];
