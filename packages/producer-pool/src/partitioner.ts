/**
 * Where a record goes. With a key: Java's `(murmur2(key) & 0x7fffffff) % n` over all partitions, also leaderless ones, so that a key
 * stays where every other client puts it. Without a key: one partition is kept until its batch is full or taken (KIP-480).
 */
import { murmur2 } from './murmur2.ts';

let scratch = Buffer.allocUnsafe(4_096);

/** Partition of a key among `partitionCount`. String keys are encoded into one reused buffer; nothing is cached by key. */
export const partitionOfKey = (key: string | Uint8Array, partitionCount: number): number => {
  if (typeof key !== 'string') return (murmur2(key) & 0x7f_ff_ff_ff) % partitionCount;
  if (key.length * 3 > scratch.length) scratch = Buffer.allocUnsafe(key.length * 3);
  return (murmur2(scratch, scratch.write(key, 'utf8')) & 0x7f_ff_ff_ff) % partitionCount;
};

interface Sticky {
  partition: number;
  records: number;
  bytes: number;
}

/** Chooses partitions for records without a key; one per pool. */
export class StickyPartitioner {
  readonly #random: () => number;
  readonly #limits: { readonly maxBatchRecords: number; readonly maxBatchBytes: number };
  readonly #sticky = new Map<string, Sticky>();

  constructor(random: () => number, limits: { readonly maxBatchRecords: number; readonly maxBatchBytes: number }) {
    this.#random = random;
    this.#limits = limits;
  }

  /** Partition for the next keyless record; `candidates` are asked only when a new one is drawn. */
  next(topic: string, bytes: number, candidates: () => readonly number[]): number {
    const current = this.#sticky.get(topic);
    if (current !== undefined && this.#fits(current, bytes)) {
      current.records += 1;
      current.bytes += bytes;
      return current.partition;
    }
    const among = candidates();
    const partition = among[Math.floor(this.#random() * among.length)] ?? 0;
    this.#sticky.set(topic, { partition, records: 1, bytes });
    return partition;
  }

  /** A batch of this partition has started or failed: the next keyless record draws anew. */
  release(topic: string, partition: number): void {
    if (this.#sticky.get(topic)?.partition === partition) this.#sticky.delete(topic);
  }

  #fits(sticky: Sticky, bytes: number): boolean {
    return sticky.records < this.#limits.maxBatchRecords && sticky.bytes + bytes <= this.#limits.maxBatchBytes;
  }
}
