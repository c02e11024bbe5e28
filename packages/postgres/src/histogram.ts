/**
 * A distribution in bounded memory, log-linear: 32 buckets an octave, so an error of at most 3.1 %; values up to 71 minutes, 3.5 KiB.
 * Recording costs a few nanoseconds: an index from the leading zeros of the value in microseconds.
 */
export interface Distribution {
  readonly count: number;
  readonly sum: number;
  /** Inclusive upper bounds of the buckets, ascending, in the unit of the field's name. One frozen array for all histograms. */
  readonly edges: readonly number[];
  /** One longer than `edges`; the last one counts what is above all of them. Since creation, never cleared. */
  readonly counts: readonly number[];
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

const SUB_BITS = 5;
const SUB = 2 ** SUB_BITS;
const OCTAVES = 32 - SUB_BITS;
const BUCKETS = SUB * (OCTAVES + 1);
const MICROS = 1_000;
const MAX_MICROS = 2 ** 32 - 1;

const bucketOf = (micros: number): number => {
  if (micros < SUB) return micros;
  const octave = 31 - Math.clz32(micros) - SUB_BITS;
  return SUB * (octave + 1) + (micros >>> octave) - SUB;
};

/** The largest value of a bucket, in microseconds. */
const edgeOf = (bucket: number): number => {
  if (bucket < SUB) return bucket;
  const octave = Math.floor(bucket / SUB) - 1;
  return (SUB + (bucket % SUB) + 1) * 2 ** octave - 1;
};

const EDGES_MS: readonly number[] = Object.freeze(
  Array.from({ length: BUCKETS }, (_, bucket) => edgeOf(bucket) / MICROS),
);

/** Of all that have recorded nothing: most of a pool's have not, and a copy of a thousand zeros is not cheap. */
const EMPTY: Distribution = Object.freeze({
  count: 0,
  sum: 0,
  edges: EDGES_MS,
  counts: Object.freeze(Array.from({ length: BUCKETS + 1 }, () => 0)),
  p50: 0,
  p95: 0,
  p99: 0,
  max: 0,
});

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  record(valueMs: number): void {
    const bucket = bucketOf(Math.min(MAX_MICROS, Math.max(0, Math.ceil(valueMs * MICROS))));
    this.#counts[bucket] = Number(this.#counts[bucket]) + 1;
    this.#count += 1;
    this.#sum += valueMs;
    this.#max = Math.max(this.#max, valueMs);
  }

  snapshot(): Distribution {
    if (this.#count === 0) return EMPTY;
    return {
      count: this.#count,
      sum: this.#sum,
      edges: EDGES_MS,
      counts: [...this.#counts, 0],
      p50: this.#quantile(0.5),
      p95: this.#quantile(0.95),
      p99: this.#quantile(0.99),
      max: this.#max,
    };
  }

  #quantile(share: number): number {
    let bucket = -1;
    for (let seen = 0; seen < share * this.#count; seen += Number(this.#counts[bucket])) bucket += 1;
    return Math.min(this.#max, edgeOf(bucket) / MICROS);
  }
}
