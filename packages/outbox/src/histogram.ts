/**
 * A distribution in bounded memory: fixed edges, one counter for each bucket, never cleared.
 * Shape of `snapshot()`: `counts[i]` counts values ≤ `edges[i]` and above `edges[i − 1]`; the last count is of those above all edges.
 */
export interface Distribution {
  readonly count: number;
  readonly sum: number;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Upper edge of the bucket that holds the quantile; 0 while empty. Above the last edge: the largest value seen. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** 1-2-5 steps from 1 ms to 10 min. */
export const DURATION_EDGES_MS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
];

/** 1-2-5 steps from 1 record to the largest batch. */
export const BATCH_EDGES: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

export class Histogram {
  readonly #edges: readonly number[];
  readonly #counts: Float64Array;
  #count = 0;
  #sum = 0;
  #largest = 0;

  constructor(edges: readonly number[]) {
    this.#edges = edges;
    this.#counts = new Float64Array(edges.length + 1);
  }

  record(value: number): void {
    const found = this.#edges.findIndex((edge) => value <= edge);
    const bucket = found === -1 ? this.#edges.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#sum += value;
    this.#largest = Math.max(this.#largest, value);
  }

  #quantile(share: number): number {
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= share * this.#count) return this.#edges[bucket] ?? this.#largest;
    }
    return 0;
  }

  snapshot(): Distribution {
    return {
      count: this.#count,
      sum: this.#sum,
      edges: this.#edges,
      counts: [...this.#counts],
      p50: this.#quantile(0.5),
      p95: this.#quantile(0.95),
      p99: this.#quantile(0.99),
    };
  }
}
