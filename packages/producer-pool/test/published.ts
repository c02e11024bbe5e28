import type { Settlement } from '../src/index.ts';
import type { ScriptedCluster } from './scripted-cluster.ts';

/** A record of a model test: what was asked, and what the pool said. */
export interface Published {
  readonly key: string | null;
  /** The `publishBatch` call it came with. */
  readonly call: number | undefined;
  /** Unique. */
  readonly value: string;
  settlements: number;
  settlement: Settlement | undefined;
}

/** When each value was first appended, over all partitions: a key may move when the topic grows. */
const firstPlaces = (cluster: ScriptedCluster): ReadonlyMap<string, number> => {
  const places = new Map<string, number>();
  for (const { record, order } of cluster.logs.flat().toSorted((a, b) => a.order - b.order)) {
    const value = String(record.value);
    if (!places.has(value)) places.set(value, order);
  }
  return places;
};

/** P1, and: what is said not to be in the log is not there. */
const fateProblems = (
  cluster: ScriptedCluster,
  { value, settlement }: Published,
  place: number | undefined,
): readonly string[] => {
  if (settlement?.ok === true) {
    const { partition, offset } = settlement.ack;
    const found = cluster.values(partition)[Number(offset)];
    return found === value ? [] : [`acknowledged ${value} is not at ${partition}/${offset}, but ${String(found)}`];
  }
  const denied = [...cluster.deniedInLog].some((record) => record.value === value);
  if (settlement?.error.outcome === 'unknown' || place === undefined || denied) return [];
  return [`${value} is in the log, but was settled ${settlement?.error.outcome}: ${settlement?.error.message}`];
};

/** P2 over the first occurrences, and the prefix of a key in each call. */
const orderProblems = (published: readonly Published[], places: ReadonlyMap<string, number>): readonly string[] => {
  const last = new Map<string, number>();
  const broken = new Set<string>();
  const problems: string[] = [];
  for (const { key, value, call } of published) {
    if (key === null) continue;
    const place = places.get(value);
    const prefix = `${call}/${key}`;
    if (place === undefined) {
      if (call !== undefined) broken.add(prefix);
      continue;
    }
    if (broken.has(prefix)) problems.push(`${value} follows a record of its key and call that is missing`);
    if (place <= (last.get(key) ?? -1)) problems.push(`${value} is before one that was published earlier`);
    last.set(key, place);
  }
  return problems;
};

/** What is wrong with the answers, given the log; empty if nothing. `published` is in the order of the calls. */
export const verdictOn = (published: readonly Published[], cluster: ScriptedCluster): readonly string[] => {
  const places = firstPlaces(cluster);
  const unsettled = published.filter(({ settlements }) => settlements !== 1);
  return [
    ...cluster.violations,
    ...unsettled.map(({ value, settlements }) => `${value} has ${settlements} settlements`),
    ...published.flatMap((record) => fateProblems(cluster, record, places.get(record.value))),
    ...orderProblems(published, places),
  ];
};
