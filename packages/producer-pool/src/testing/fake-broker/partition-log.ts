/** The log of one partition: what was appended, with offsets, and what its broker knows of producers. */
import { ProducerState } from './producer-state.ts';
import type { BatchRecord, RecordBatch } from './record-batch.ts';

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

export class PartitionLog {
  readonly producers = new ProducerState();
  readonly #records: LogRecord[] = [];

  get records(): readonly LogRecord[] {
    return this.#records;
  }

  append(batch: RecordBatch): AppendResult {
    const verdict = this.producers.verdict(batch);
    if (verdict.kind === 'refuse') return { errorCode: verdict.errorCode, baseOffset: -1n };
    if (verdict.kind === 'duplicate') return { errorCode: 0, baseOffset: verdict.baseOffset };
    const base = this.#records.length;
    for (const [index, record] of batch.records.entries())
      this.#records.push({ ...record, offset: BigInt(base + index), producerId: batch.producerId });
    this.producers.remember(batch, BigInt(base));
    return { errorCode: 0, baseOffset: BigInt(base) };
  }
}
