/**
 * What a broker remembers of an idempotent producer in one partition, and its verdict on the next batch (Kafka's `ProducerStateEntry`
 * and `ProducerAppendInfo`). Pure.
 *
 * - The last five batches of the current epoch are kept. First and last sequence equal to one of them: a duplicate, answered as a success
 *   with the old offset, *whatever its records are*. That is how a client that reuses sequence numbers loses records.
 * - The sequence that follows the last one: appended. Any other: OUT_OF_ORDER_SEQUENCE_NUMBER.
 * - A new epoch starts at sequence 0; an older epoch is refused.
 * - An unknown producer starts at 0, else UNKNOWN_PRODUCER_ID: the rule before Kafka 2.5 (KIP-360), kept because it asks more of a client.
 */
const KEPT_BATCHES = 5;
const LAST_SEQUENCE = 2 ** 31 - 1;

const OUT_OF_ORDER_SEQUENCE = 45;
const INVALID_PRODUCER_EPOCH = 47;
const UNKNOWN_PRODUCER_ID = 59;

export interface SequencedBatch {
  /** -1 without idempotence. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly count: number;
}

export type SequenceVerdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly baseOffset: bigint }
  | { readonly kind: 'refuse'; readonly errorCode: number };

interface KeptBatch {
  readonly first: number;
  readonly last: number;
  readonly baseOffset: bigint;
}

interface Entry {
  readonly epoch: number;
  readonly lastSequence: number;
  readonly batches: readonly KeptBatch[];
}

const APPEND: SequenceVerdict = { kind: 'append' };
const refuse = (errorCode: number): SequenceVerdict => ({ kind: 'refuse', errorCode });

/** Sequences wrap from 2^31 - 1 to 0. */
const lastSequenceOf = ({ baseSequence, count }: SequencedBatch): number =>
  (baseSequence + count - 1) % (LAST_SEQUENCE + 1);

const followsOn = (last: number, next: number): boolean => next === (last === LAST_SEQUENCE ? 0 : last + 1);

export class ProducerState {
  readonly #entries = new Map<bigint, Entry>();

  verdict(batch: SequencedBatch): SequenceVerdict {
    if (batch.producerId < 0n) return APPEND;
    const entry = this.#entries.get(batch.producerId);
    if (entry === undefined) return batch.baseSequence === 0 ? APPEND : refuse(UNKNOWN_PRODUCER_ID);
    if (batch.producerEpoch < entry.epoch) return refuse(INVALID_PRODUCER_EPOCH);
    if (batch.producerEpoch > entry.epoch) return batch.baseSequence === 0 ? APPEND : refuse(OUT_OF_ORDER_SEQUENCE);
    const last = lastSequenceOf(batch);
    const twin = entry.batches.find((kept) => kept.first === batch.baseSequence && kept.last === last);
    if (twin !== undefined) return { kind: 'duplicate', baseOffset: twin.baseOffset };
    return followsOn(entry.lastSequence, batch.baseSequence) ? APPEND : refuse(OUT_OF_ORDER_SEQUENCE);
  }

  /** Call it with every batch that was appended. */
  remember(batch: SequencedBatch, baseOffset: bigint): void {
    if (batch.producerId < 0n) return;
    const entry = this.#entries.get(batch.producerId);
    const earlier = entry?.epoch === batch.producerEpoch ? entry.batches : [];
    const kept = { first: batch.baseSequence, last: lastSequenceOf(batch), baseOffset };
    this.#entries.set(batch.producerId, {
      epoch: batch.producerEpoch,
      lastSequence: kept.last,
      batches: [...earlier, kept].slice(-KEPT_BATCHES),
    });
  }

  /** Everything is forgotten, as after retention or an unclean restart. */
  forget(): void {
    this.#entries.clear();
  }
}
