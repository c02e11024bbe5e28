/**
 * Durations as a log-linear histogram: 8 sub-buckets per power of two of microseconds, up to 2³⁰ µs (18 minutes, clamped).
 *
 * A bucket is an eighth of its power of two wide, so a quantile taken at its middle is off by at most about 6 %. Quantiles
 * cover the present and the previous rotation; nothing is sorted, and no sample is kept.
 */

import { countAt } from './windows/count-at.ts';

/** What is told of a distribution; durations in ms. Quantiles and `max` are recent, `count` and `sum` since creation. */
export interface LatencySummary {
  readonly count: number;
  readonly sum: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Inclusive upper bounds, ascending. Only with `latency: 'cumulative'`. */
  readonly edges?: readonly number[];
  /** Since creation, never cleared; one longer than `edges`, the last is above all of them. */
  readonly counts?: readonly number[];
}

const SUB_BITS = 3;
const SUB = 1 << SUB_BITS;
export const LATENCY_BUCKETS = 224;
const LARGEST = 2 ** 30 - 1;
const FULL = 65_535;

/** The bucket of a duration; those between two whole microseconds belong to the upper one, so that bounds are inclusive. */
const bucketOf = (durationMs: number): number => {
  const units = Math.min(LARGEST, Math.max(0, Math.ceil(durationMs * 1_000) - 1));
  if (units < SUB) return units;
  const exponent = 31 - Math.clz32(units) - SUB_BITS;
  return (exponent << SUB_BITS) + (units >> exponent);
};

/** The lower bound of a bucket in µs, exclusive; it is the upper bound, inclusive, of the one before. */
const lowerOf = (bucket: number): number => {
  if (bucket < SUB) return bucket;
  const exponent = (bucket >> SUB_BITS) - 1;
  return (bucket - (exponent << SUB_BITS)) * 2 ** exponent;
};

let edges: readonly number[] | undefined;

/** The inclusive upper bounds of all buckets but the last, in ms: one array for all histograms, made when first asked for. */
const sharedEdges = (): readonly number[] => {
  edges ??= Object.freeze(Array.from({ length: LATENCY_BUCKETS - 1 }, (_, bucket) => lowerOf(bucket + 1) / 1_000));
  return edges;
};

/** What was recorded since creation. */
class LatencyTotals {
  #count = 0;
  #sum = 0;
  readonly #counts: Uint32Array | undefined;

  constructor(cumulative: boolean) {
    if (cumulative) this.#counts = new Uint32Array(LATENCY_BUCKETS);
  }

  protected count(durationMs: number, bucket: number): void {
    this.#count += 1;
    this.#sum += durationMs;
    const counts = this.#counts;
    if (counts !== undefined) counts[bucket] = countAt(counts, bucket) + 1;
  }

  protected totals(): Pick<LatencySummary, 'count' | 'sum' | 'edges' | 'counts'> {
    const totals = { count: this.#count, sum: this.#sum };
    return this.#counts === undefined ? totals : { ...totals, edges: sharedEdges(), counts: [...this.#counts] };
  }
}

export interface HistogramShape {
  /** How long a rotation lasts. */
  readonly rotateMs: number;
  /** Whether counts since creation are kept, too. */
  readonly cumulative: boolean;
}

export class LatencyHistogram extends LatencyTotals {
  readonly #rotateMs: number;
  /** Two rotations side by side: one array costs less than two. A count that is full halves its rotation, and quantiles stay. */
  readonly #counts = new Uint16Array(2 * LATENCY_BUCKETS);
  /** Where the present rotation begins; the other one is the previous. */
  #at = 0;
  #max = 0;
  #previousMax = 0;
  /** Number of the present rotation, and where it ends. */
  #rotation = 0;
  #endMs: number;

  constructor({ rotateMs, cumulative }: HistogramShape) {
    super(cumulative);
    this.#rotateMs = rotateMs;
    this.#endMs = rotateMs;
  }

  record(durationMs: number, nowMs: number): void {
    if (nowMs >= this.#endMs) this.#rotate(nowMs);
    const bucket = bucketOf(durationMs);
    const counts = this.#counts;
    const index = this.#at + bucket;
    if (counts[index] === FULL) this.#halve();
    counts[index] = countAt(counts, index) + 1;
    if (durationMs > this.#max) this.#max = durationMs;
    this.count(durationMs, bucket);
  }

  summary(nowMs: number): LatencySummary {
    if (nowMs >= this.#endMs) this.#rotate(nowMs);
    const max = Math.max(this.#max, this.#previousMax);
    return { ...this.totals(), ...this.#quantiles(max), max };
  }

  #halve(): void {
    const counts = this.#present;
    for (const [index, count] of counts.entries()) counts[index] = count >> 1;
  }

  get #present(): Uint16Array {
    return this.#counts.subarray(this.#at, this.#at + LATENCY_BUCKETS);
  }

  #rotate(nowMs: number): void {
    const rotation = Math.floor(nowMs / this.#rotateMs);
    if (rotation > this.#rotation + 1) {
      this.#present.fill(0);
      this.#max = 0;
    }
    this.#at = LATENCY_BUCKETS - this.#at;
    this.#previousMax = this.#max;
    this.#present.fill(0);
    this.#max = 0;
    this.#rotation = rotation;
    this.#endMs = (rotation + 1) * this.#rotateMs;
  }

  #quantiles(max: number): Pick<LatencySummary, 'p50' | 'p95' | 'p99'> {
    const both = this.#counts;
    const counts = Array.from(
      { length: LATENCY_BUCKETS },
      (_, bucket) => countAt(both, bucket) + countAt(both, LATENCY_BUCKETS + bucket),
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    const at = (share: number): number => {
      let rank = Math.ceil(total * share);
      const bucket = counts.findIndex((count) => (rank -= count) <= 0);
      return total === 0 ? 0 : Math.min(max, (lowerOf(bucket) + lowerOf(bucket + 1)) / 2_000);
    };
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}

/** The last durations of something rare, kept exactly. */
export class RareLatency extends LatencyTotals {
  static readonly kept = 64;
  readonly #durations = new Float64Array(RareLatency.kept);
  #next = 0;

  record(durationMs: number): void {
    this.#durations[this.#next % RareLatency.kept] = durationMs;
    this.#next += 1;
    this.count(durationMs, bucketOf(durationMs));
  }

  summary(): LatencySummary {
    const recent = this.#durations.slice(0, Math.min(this.#next, RareLatency.kept)).toSorted();
    const at = (share: number): number => recent[Math.ceil(recent.length * share) - 1] ?? 0;
    return { ...this.totals(), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
  }
}
