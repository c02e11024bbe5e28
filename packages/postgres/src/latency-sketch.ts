/**
 * Many distributions of times in one block of memory: 96 counters each, four an octave from 4 µs to 67 s, so an estimate is at most 19 % too high.
 * Shorter and longer times count in the first and last bucket; the true maximum is kept by the caller.
 */
const BUCKETS = 96;
const PER_OCTAVE = 4;
const FIRST_MS = 0.004;
const BYTES = 4;
const MAX_COUNT = 0xffff_ffff;

const bucketOf = (valueMs: number): number =>
  Math.min(BUCKETS - 1, Math.max(0, Math.floor(PER_OCTAVE * Math.log2(valueMs / FIRST_MS))));
const upperEdgeMs = (bucket: number): number => FIRST_MS * 2 ** ((bucket + 1) / PER_OCTAVE);

export class LatencySketches {
  /** Read and written by byte: unlike an element of a typed array, a missing one cannot go unnoticed. */
  readonly #counts: DataView;

  /** `rows` distributions, all empty. */
  constructor(rows: number) {
    this.#counts = new DataView(new ArrayBuffer(rows * BUCKETS * BYTES));
  }

  record(row: number, valueMs: number): void {
    this.#add(row * BUCKETS + bucketOf(valueMs), 1);
  }

  /** Moves what one row has counted to another; the first is empty then. */
  move(from: number, to: number): void {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const at = from * BUCKETS + bucket;
      this.#add(to * BUCKETS + bucket, this.#get(at));
      this.#counts.setUint32(at * BYTES, 0);
    }
  }

  /** Upper bounds of the quantiles, ascending shares of 0..1; `maxMs` bounds them. */
  quantiles(row: number, shares: readonly number[], o: { readonly count: number; readonly maxMs: number }): number[] {
    const found: number[] = [];
    let seen = 0;
    let bucket = 0;
    for (const share of shares) {
      for (; bucket < BUCKETS && (seen === 0 || seen < share * o.count); bucket += 1)
        seen += this.#get(row * BUCKETS + bucket);
      found.push(Math.min(o.maxMs, upperEdgeMs(bucket - 1)));
    }
    return found;
  }

  #get(at: number): number {
    return this.#counts.getUint32(at * BYTES);
  }

  /** A counter that is full stays full. */
  #add(at: number, count: number): void {
    this.#counts.setUint32(at * BYTES, Math.min(MAX_COUNT, this.#get(at) + count));
  }
}
