/**
 * Records on their way: an entry is one accepted record, a batch is what one call carries.
 *
 * A batch is *frozen* by its first attempt: the same entries in the same order until it is answered, because the broker's duplicate check
 * compares first and last sequence. Only a bisection splits it, and only what a broker has certainly not taken is ever taken out.
 */
import type { ErrorOutcome } from '@busbar/errors';

import type { FrozenRecord } from './driver.ts';
import type { ProducerPoolError } from './pool-error.ts';
import type { Ack } from './settlement.ts';

/** The records of one `publishBatch` call: after a failure the same key goes no further (LN-15). */
export interface BatchCall {
  readonly blockedKeys: Set<string>;
}

/** One accepted record, from the buffer until the lane lets it go. Mutable fields belong to the lane. */
export interface Entry {
  readonly record: FrozenRecord;
  readonly topic: string;
  /** Asked for by the caller. */
  readonly partition: number | undefined;
  /** Identity of the key within the topic; undefined without a key: such a record has no successors. */
  readonly keyId: string | undefined;
  readonly sizeBytes: number;
  /** The caller set the timestamp: INVALID_TIMESTAMP is then the record's own fault. */
  readonly ownTimestamp: boolean;
  readonly call: BatchCall | undefined;
  readonly recipient: Recipient;
  readonly publishedAtMs: number;
  readonly deadlineAtMs: number;
  /** The caller has an answer; the record may still be on its way. */
  answered: boolean;
  /** The record has left the lane. */
  gone: boolean;
  /** Its place among the records without an answer; the three belong to `OpenRecords`. */
  sequence: number;
  earlier: Entry | undefined;
  later: Entry | undefined;
}

/** Who published a record. Told by the shell, never by the lane: `first` the caller's answer, and perhaps a later truth. */
export interface Recipient {
  acknowledged(ack: Ack, first: boolean): void;
  failed(error: ProducerPoolError, first: boolean): void;
}

export interface Batch {
  readonly entries: readonly Entry[];
  readonly sizeBytes: number;
  /** Calls that carried exactly these entries. */
  readonly attempts: number;
  /** What all calls so far, those before a bisection included, left behind: `unknown` once one of them may have been appended. */
  readonly outcome: ErrorOutcome | undefined;
}

const sum = (entries: readonly Entry[]): number => {
  let bytes = 0;
  for (const entry of entries) bytes += entry.sizeBytes;
  return bytes;
};

const batchOf = (entries: readonly Entry[], outcome: ErrorOutcome | undefined): Batch => ({
  entries,
  sizeBytes: sum(entries),
  attempts: 0,
  outcome,
});

/** Takes the next batch from the head of a queue: at least one record, at most the limits. */
export const takeBatch = (
  queue: Entry[],
  limits: { readonly maxBatchRecords: number; readonly maxBatchBytes: number },
): Batch => {
  let count = 0;
  let bytes = 0;
  for (const entry of queue) {
    if (count >= limits.maxBatchRecords || (count > 0 && bytes + entry.sizeBytes > limits.maxBatchBytes)) break;
    count += 1;
    bytes += entry.sizeBytes;
  }
  return batchOf(queue.splice(0, count), undefined);
};

/** True once a call carried the batch, or may have: it is then delivered or answered as it is. */
export const isSealed = (batch: Batch): boolean => batch.attempts > 0 || batch.outcome === 'unknown';

export const attempted = (batch: Batch): Batch => ({ ...batch, attempts: batch.attempts + 1 });

/** The attempt never reached the driver. */
export const notAttempted = (batch: Batch): Batch => ({ ...batch, attempts: batch.attempts - 1 });

/** A batch that a call has carried to its end. */
export interface TriedBatch extends Batch {
  readonly outcome: ErrorOutcome;
}

/** `unknown` stays: a later refusal does not undo what an earlier call may have appended. */
export const withOutcome = (batch: Batch, outcome: ErrorOutcome): TriedBatch => ({
  ...batch,
  outcome: batch.outcome === 'unknown' ? 'unknown' : outcome,
});

/** Two halves of a refused batch, left first; the refusal itself is not charged to either. */
export const bisect = (batch: Batch): readonly [Batch, Batch] => {
  const middle = Math.ceil(batch.entries.length / 2);
  return [batchOf(batch.entries.slice(0, middle), batch.outcome), batchOf(batch.entries.slice(middle), batch.outcome)];
};

/** An open batch without the entries that have left. */
export const withoutGone = (batch: Batch): Batch =>
  batchOf(
    batch.entries.filter((entry) => !entry.gone),
    batch.outcome,
  );
