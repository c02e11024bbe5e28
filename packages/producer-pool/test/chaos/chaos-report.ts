import { murmur2 } from '../../src/murmur2.ts';

/** What a reader finds in a log, in the order of each partition. */
export interface LoggedRecord {
  readonly partition: number;
  readonly offset: bigint | number;
  readonly value: Buffer | null;
}

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
  /** What the faults may have written twice. */
  readonly duplicatesAllowed: number;
  /** What else went wrong. */
  readonly violations: readonly string[];
}

export const nameOf = ({ key, n }: Pick<ChaosRecord, 'key' | 'n'>): string => `${key}/${n}`;

/** The name is the beginning of the value, padded or not. */
const nameIn = ({ value }: LoggedRecord): string => value?.toString('latin1').split(' ')[0] ?? '';

export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;

/** Records where no key of theirs ever belonged stand at the end. */
const LAST = Number.MAX_SAFE_INTEGER;

/** The log of a topic that grew, `counts` being its numbers of partitions: for each key the partition it was in first comes first. */
export const inOrderOfGrowth = <R extends LoggedRecord>(log: readonly R[], counts: readonly number[]): readonly R[] => {
  const homes = new Map<string, readonly number[]>();
  const rankOf = (record: R): number => {
    const [key = ''] = nameIn(record).split('/');
    const own = homes.get(key) ?? counts.map((count) => partitionOf(key, count));
    homes.set(key, own);
    const rank = own.indexOf(record.partition);
    return rank < 0 ? LAST : rank;
  };
  const ranked = log.map((record) => ({ record, rank: rankOf(record) }));
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ record }) => record);
};

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
  log: readonly LoggedRecord[],
  told: readonly Told[],
  seen: Pick<ChaosReport, 'seed' | 'faults' | 'duplicatesAllowed' | 'violations'>,
): ChaosReport => {
  const names = log.map(nameIn);
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
  ...(report.duplicates > report.duplicatesAllowed
    ? [`${report.duplicates} duplicates of ${report.faults} faults, which explain ${report.duplicatesAllowed}`]
    : []),
  ...report.violations,
];
