/** The value below which the share `ratio` (0..1) of the values lies, by nearest rank; undefined without values. The input is not changed. */
export const quantile = (values: readonly number[], ratio: number): number | undefined => {
  if (values.length === 0) return undefined;
  const ascending = Float64Array.from(values).toSorted();
  return ascending[Math.min(ascending.length - 1, Math.ceil(ratio * ascending.length) - 1)];
};

/** Durations of the calls of one phase of the demo, with the second each ended in. */
export interface LatencyRecorder {
  record(durationMs: number, endedAtMs: number): void;
  readonly count: number;
  p99(): number | undefined;
  /** The highest p99 among the seconds with at least 50 calls: a stall of one second shows here and not in `p99()`. */
  highestP99OfASecond(): number | undefined;
  /** p99 of the calls since the last time this was called: what the live view shows. */
  takeRecentP99(): number | undefined;
}

const CALLS_FOR_A_P99 = 50;

export const createLatencyRecorder = (): LatencyRecorder => {
  const all: number[] = [];
  const bySecond = new Map<number, number[]>();
  let recentFrom = 0;
  return {
    record: (durationMs, endedAtMs) => {
      all.push(durationMs);
      const second = Math.floor(endedAtMs / 1000);
      const sameSecond = bySecond.get(second);
      if (sameSecond === undefined) bySecond.set(second, [durationMs]);
      else sameSecond.push(durationMs);
    },
    get count() {
      return all.length;
    },
    p99: () => quantile(all, 0.99),
    highestP99OfASecond: () => {
      const perSecond = [...bySecond.values()]
        .filter((calls) => calls.length >= CALLS_FOR_A_P99)
        .map((calls) => quantile(calls, 0.99) ?? 0);
      return perSecond.length === 0 ? undefined : Math.max(...perSecond);
    },
    takeRecentP99: () => {
      const recent = all.slice(recentFrom);
      recentFrom = all.length;
      return quantile(recent, 0.99);
    },
  };
};

/** A distribution as `stats()` of the parts gives it: counts since creation, one more count than there are upper edges. */
export interface Distribution {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Quantile of what was recorded between two readings of a distribution, as the upper edge of its bucket; undefined if nothing was. */
export const quantileBetween = (
  earlier: Distribution | undefined,
  later: Distribution,
  ratio: number,
): number | undefined => {
  const added = later.counts.map((count, index) => count - (earlier?.counts[index] ?? 0));
  const total = added.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [index, count] of added.entries()) {
    seen += count;
    if (seen >= ratio * total) return later.edges[Math.min(index, later.edges.length - 1)];
  }
  return later.edges.at(-1);
};
