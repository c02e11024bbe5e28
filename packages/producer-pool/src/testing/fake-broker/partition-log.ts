/** The log of one partition: what was appended, with offsets, and what its broker knows of producers. */
import { ProducerState } from './producer-state.ts';
import type { RecordBatch } from './record-batch.ts';
import type { BatchRecord } from './records.ts';

export interface LogRecord extends BatchRecord {
  readonly offset: bigint;
  /** -1 without idempotence. */
  readonly producerId: bigint;
}

export interface AppendResult {
  readonly errorCode: number;
  /** -1 when nothing was appended. */
  readonly baseOffset: bigint;
}

/** An appended batch keeps its bytes as they came. */
interface AppendedBatch extends Pick<RecordBatch, 'producerId' | 'records' | 'sizeBytes'> {
  readonly baseOffset: number;
}

export class PartitionLog {
  readonly producers = new ProducerState();
  readonly #retentionBytes: number;
  readonly #batches: AppendedBatch[] = [];
  #keptBytes = 0;
  #length = 0;

  /** Keeps as many of the newest batches as are in so many bytes. Default: all. */
  constructor(retentionBytes = Number.POSITIVE_INFINITY) {
    this.#retentionBytes = retentionBytes;
  }

  /** How many records were appended. */
  get length(): number {
    return this.#length;
  }

  /** All that are kept, taken apart anew. */
  records(): readonly LogRecord[] {
    const all: LogRecord[] = [];
    for (const { baseOffset, producerId, records } of this.#batches)
      for (const [index, record] of records().entries())
        all.push({ ...record, offset: BigInt(baseOffset + index), producerId });
    return all;
  }

  append(batch: RecordBatch): AppendResult {
    const verdict = this.producers.verdict(batch);
    if (verdict.kind === 'refuse') return { errorCode: verdict.errorCode, baseOffset: -1n };
    if (verdict.kind === 'duplicate') return { errorCode: 0, baseOffset: verdict.baseOffset };
    const baseOffset = this.#length;
    const { producerId, records, sizeBytes } = batch;
    this.#batches.push({ baseOffset, producerId, records, sizeBytes });
    this.#keptBytes += sizeBytes;
    this.#forget();
    this.#length += batch.count;
    this.producers.remember(batch, BigInt(baseOffset));
    return { errorCode: 0, baseOffset: BigInt(baseOffset) };
  }

  #forget(): void {
    for (let [oldest] = this.#batches; oldest && this.#keptBytes > this.#retentionBytes; [oldest] = this.#batches) {
      this.#keptBytes -= oldest.sizeBytes;
      this.#batches.shift();
    }
  }
}
