const BURST = 20;
const PER_SECOND = 5;
const MAX_KEYS = 1024;

interface Bucket {
  tokens: number;
  atMs: number;
  suppressed: number;
}

/** A token bucket per key: 20 at once, then 5 a second. At most 1024 keys; the one unused for longest goes first. */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();

  /** How many were refused since the last one that passed, or undefined to refuse this one too. */
  take(key: string, nowMs: number): number | undefined {
    const bucket = this.#touch(key, nowMs);
    bucket.tokens = Math.min(BURST, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * PER_SECOND);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) {
      bucket.suppressed += 1;
      return undefined;
    }
    bucket.tokens -= 1;
    const { suppressed } = bucket;
    bucket.suppressed = 0;
    return suppressed;
  }

  #touch(key: string, nowMs: number): Bucket {
    const known = this.#buckets.get(key);
    const bucket = known ?? { tokens: BURST, atMs: nowMs, suppressed: 0 };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_KEYS && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
