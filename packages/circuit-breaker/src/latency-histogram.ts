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
class Total {
  #count = 0;
  #sum = 0;
  readonly #counts: Uint32Array | undefined;

  constructor(cumulative: boolean) {
    if (cumulative) this.#counts = new Uint32Array(LATENCY_BUCKETS);
  }

  add(durationMs: number, bucket: number): void {
    this.#count += 1;
    this.#sum += durationMs;
    const counts = this.#counts;
    if (counts !== undefined) counts[bucket] = countAt(counts, bucket) + 1;
  }

  read(): Pick<LatencySummary, 'count' | 'sum' | 'edges' | 'counts'> {
    const totals = { count: this.#count, sum: this.#sum };
    return this.#counts === undefined ? totals : { ...totals, edges: sharedEdges(), counts: [...this.#counts] };
  }
}

/** One rotation: counts that halve when one of them is full, which leaves quantiles as they are. */
class Rotation {
  readonly counts = new Uint16Array(LATENCY_BUCKETS);
  max = 0;

  add(bucket: number, durationMs: number): void {
    const { counts } = this;
    const count = countAt(counts, bucket);
    if (count === FULL) for (const [index, one] of counts.entries()) counts[index] = one >> 1;
    counts[bucket] = countAt(counts, bucket) + 1;
    if (durationMs > this.max) this.max = durationMs;
  }

  clear(): void {
    this.counts.fill(0);
    this.max = 0;
  }
}

export interface HistogramShape {
  /** How long a rotation lasts. */
  readonly rotateMs: number;
  /** Whether counts since creation are kept, too. */
  readonly cumulative: boolean;
}

export class LatencyHistogram {
  readonly #rotateMs: number;
  readonly #total: Total;
  #present = new Rotation();
  #previous = new Rotation();
  #rotation = 0;
  /** Where the present rotation ends. */
  #endMs: number;

  constructor({ rotateMs, cumulative }: HistogramShape) {
    this.#rotateMs = rotateMs;
    this.#endMs = rotateMs;
    this.#total = new Total(cumulative);
  }

  record(durationMs: number, nowMs: number): void {
    if (nowMs >= this.#endMs) this.#rotate(nowMs);
    const bucket = bucketOf(durationMs);
    this.#present.add(bucket, durationMs);
    this.#total.add(durationMs, bucket);
  }

  summary(nowMs: number): LatencySummary {
    if (nowMs >= this.#endMs) this.#rotate(nowMs);
    const max = Math.max(this.#present.max, this.#previous.max);
    return { ...this.#total.read(), ...this.#quantiles(max), max };
  }

  #rotate(nowMs: number): void {
    const rotation = Math.floor(nowMs / this.#rotateMs);
    const oldest = this.#previous;
    this.#previous = this.#present;
    this.#present = oldest;
    this.#present.clear();
    if (rotation > this.#rotation + 1) this.#previous.clear();
    this.#rotation = rotation;
    this.#endMs = (rotation + 1) * this.#rotateMs;
  }

  #quantiles(max: number): Pick<LatencySummary, 'p50' | 'p95' | 'p99'> {
    const present = this.#present.counts;
    const previous = this.#previous.counts;
    const counts = Array.from(present, (count, bucket) => count + countAt(previous, bucket));
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
export class RareLatency {
  static readonly kept = 64;
  readonly #durations = new Float64Array(RareLatency.kept);
  readonly #total: Total;
  #next = 0;

  constructor(cumulative: boolean) {
    this.#total = new Total(cumulative);
  }

  record(durationMs: number): void {
    this.#durations[this.#next % RareLatency.kept] = durationMs;
    this.#next += 1;
    this.#total.add(durationMs, bucketOf(durationMs));
  }

  summary(): LatencySummary {
    const recent = this.#durations.slice(0, Math.min(this.#next, RareLatency.kept)).toSorted();
    const at = (share: number): number => recent[Math.ceil(recent.length * share) - 1] ?? 0;
    return { ...this.#total.read(), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
  }
}
