import type { ProducerPoolError } from './errors.ts';

/** A verified acknowledgement: the broker named this partition and reported no error, at the `acks` of the pool. */
export interface Ack {
  readonly topic: string;
  readonly partition: number;
  /** Computed on read; undefined where the broker recognised a duplicate and the client has no offset. */
  readonly offset: bigint | undefined;
  /** Epoch milliseconds, as sent. */
  readonly timestampMs: number;
  /** Calls that carried the record. */
  readonly attempts: number;
  readonly producerId: string;
}

/** What became of one record. */
export type Settlement =
  | { readonly ok: true; readonly ack: Ack }
  | { readonly ok: false; readonly error: ProducerPoolError };

/** What the records of one acknowledged batch have in common. */
export interface BatchAck {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: bigint | undefined;
  readonly attempts: number;
  readonly producerId: string;
}

class RecordAck implements Ack {
  readonly topic: string;
  readonly partition: number;
  readonly timestampMs: number;
  readonly attempts: number;
  readonly producerId: string;
  readonly #baseOffset: bigint | undefined;
  readonly #index: number;

  constructor(batch: BatchAck, index: number, timestampMs: number) {
    this.topic = batch.topic;
    this.partition = batch.partition;
    this.timestampMs = timestampMs;
    this.attempts = batch.attempts;
    this.producerId = batch.producerId;
    this.#baseOffset = batch.baseOffset;
    this.#index = index;
  }

  get offset(): bigint | undefined {
    return this.#baseOffset === undefined ? undefined : this.#baseOffset + BigInt(this.#index);
  }
}

/** The acknowledgement of the record at `index` of a batch. */
export const ackOf = (batch: BatchAck, index: number, timestampMs: number): Ack =>
  new RecordAck(batch, index, timestampMs);

export const acknowledged = (ack: Ack): Settlement => ({ ok: true, ack });

export const failed = (error: ProducerPoolError): Settlement => ({ ok: false, error });
