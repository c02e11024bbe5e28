/**
 * A log-linear histogram: 32 buckets an octave, so a quantile is off by at most 1.6 %. Recording costs one array increment.
 * Values are counted in ticks of 1 / `ticksPerUnit`; below 64 ticks the buckets are one tick wide.
 */
const SUB_BITS = 5;
const SUB = 1 << SUB_BITS;
const OCTAVES = 26;
const BUCKETS = SUB * (OCTAVES + 1);

/** The shape that telemetry reads: `edges` are ascending inclusive upper bounds in the unit of the field, `counts` is one longer. */
export interface Distribution {
  readonly count: number;
  readonly sum: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

const bucketOf = (ticks: number): number => {
  if (ticks < SUB * 2) return ticks;
  const shift = 31 - Math.clz32(ticks) - SUB_BITS;
  return Math.min(BUCKETS - 1, (shift << SUB_BITS) + (ticks >>> shift));
};

/** The count of a bucket, without what an index costs that the compiler cannot know to be in range. */
const countAt = (counts: Uint32Array, index: number): number => {
  /* v8 ignore next -- the other branch would be an index out of range @preserve */
  return counts[index] ?? 0;
};

/** Largest tick of a bucket. */
const upperTick = (bucket: number): number => {
  if (bucket < SUB * 2) return bucket;
  const shift = (bucket >>> SUB_BITS) - 1;
  return ((bucket & (SUB - 1)) + SUB + 1) * 2 ** shift - 1;
};

/** One exported edge per quarter octave keeps a snapshot small; quantiles use all buckets. */
const STEP = SUB / 4;

export class Histogram {
  readonly #ticksPerUnit: number;
  readonly #buckets = new Uint32Array(BUCKETS);
  readonly #edges: readonly number[];
  #count = 0;
  #sum = 0;
  #max = 0;

  constructor(ticksPerUnit: number) {
    this.#ticksPerUnit = ticksPerUnit;
    const edges: number[] = [];
    for (let bucket = STEP - 1; bucket < BUCKETS - 1; bucket += STEP) edges.push(upperTick(bucket) / ticksPerUnit);
    this.#edges = Object.freeze(edges);
  }

  record(value: number): void {
    const ticks = Math.min(0x7f_ff_ff_ff, Math.max(0, Math.round(value * this.#ticksPerUnit)));
    const bucket = bucketOf(ticks);
    this.#buckets[bucket] = countAt(this.#buckets, bucket) + 1;
    this.#count += 1;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  /** Forgets everything. */
  clear(): void {
    this.#buckets.fill(0);
    [this.#count, this.#sum, this.#max] = [0, 0, 0];
  }

  snapshot(): Distribution {
    const counts: number[] = [];
    for (let start = 0; start < BUCKETS - STEP; start += STEP) counts.push(this.#countIn(start, start + STEP));
    counts.push(this.#countIn(BUCKETS - STEP, BUCKETS));
    return {
      count: this.#count,
      sum: this.#sum,
      p50: this.quantile(0.5),
      p95: this.quantile(0.95),
      p99: this.quantile(0.99),
      max: this.#max,
      edges: this.#edges,
      counts,
    };
  }

  /** The value that this share of all does not exceed; 0 without values. */
  quantile(share: number): number {
    const rank = Math.ceil(this.#count * share);
    if (rank === 0) return 0;
    let bucket = 0;
    for (let seen = countAt(this.#buckets, 0); seen < rank; seen += countAt(this.#buckets, bucket)) bucket += 1;
    return Math.min(this.#max, upperTick(bucket) / this.#ticksPerUnit);
  }

  #countIn(from: number, to: number): number {
    let count = 0;
    for (let bucket = from; bucket < to; bucket += 1) count += countAt(this.#buckets, bucket);
    return count;
  }
}
