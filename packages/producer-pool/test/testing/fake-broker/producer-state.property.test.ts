import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { PartitionLog } from '../../../src/testing/fake-broker/partition-log.ts';
import type { SequencedBatch } from '../../../src/testing/fake-broker/producer-state.ts';
import type { RecordBatch } from '../../../src/testing/fake-broker/record-batch.ts';

const LAST_SEQUENCE = 2 ** 31 - 1;

const recordBatch = (batch: SequencedBatch, text = ''): RecordBatch => ({
  ...batch,
  sizeBytes: 0,
  contentId: text,
  latestTimestampMs: 0,
  records: () =>
    Array.from({ length: batch.count }, (_, index) => ({
      key: null,
      value: Buffer.from(`${text}${index}`),
      headers: [],
      timestampMs: 0,
    })),
});

const wrapped = (sequence: number): number => (sequence > LAST_SEQUENCE ? sequence - LAST_SEQUENCE - 1 : sequence);

interface Written extends SequencedBatch {
  readonly sequences: string;
  readonly offset: number;
}

/** The rule in the plainest form: the whole history is kept, and each verdict is read off it, sequence number by sequence number. */
class NaiveLog {
  #next = 0;
  #history: Written[] = [];

  append(batch: SequencedBatch): readonly [errorCode: number, offset: number] {
    const sequences = Array.from({ length: batch.count }, (_, n) => wrapped(batch.baseSequence + n)).join();
    const refusalOrTwin = batch.producerId < 0n ? undefined : this.#verdict(batch, sequences);
    if (refusalOrTwin !== undefined) return refusalOrTwin;
    this.#history.push({ ...batch, sequences, offset: this.#next });
    this.#next += batch.count;
    return [0, this.#next - batch.count];
  }

  forget(): void {
    this.#history = [];
  }

  #verdict(batch: SequencedBatch, sequences: string): readonly [number, number] | undefined {
    const own = this.#history.filter(({ producerId }) => producerId === batch.producerId);
    const epoch = Math.max(-1, ...own.map(({ producerEpoch }) => producerEpoch));
    if (batch.producerEpoch < epoch) return [47, -1];
    const current = own.filter(({ producerEpoch }) => producerEpoch === batch.producerEpoch);
    const twin = current.slice(-5).find((one) => one.sequences === sequences);
    if (twin !== undefined) return [0, twin.offset];
    const last = current.at(-1)?.sequences.split(',').at(-1);
    const wanted = last === undefined ? 0 : wrapped(Number(last) + 1);
    if (batch.baseSequence === wanted) return undefined;
    return [own.length === 0 ? 59 : 45, -1];
  }
}

/** A step relative to what came before, so that duplicates, gaps and successors are all common. */
const step = fc.record({
  producerId: fc.constantFrom(-1n, 7n, 8n),
  epoch: fc.constantFrom(0, 0, 0, 0, 1, -1),
  jump: fc.constantFrom('next', 'next', 'next', 'again', 'gap', 'zero', 'edge'),
  back: fc.integer({ min: 1, max: 8 }),
  count: fc.integer({ min: 1, max: 4 }),
  forgets: fc.integer({ min: 0, max: 40 }).map((n) => n === 0),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const FIRST: SequencedBatch = { producerId: 0n, producerEpoch: 0, baseSequence: 0, count: 0 };

const nextBatch = (own: readonly SequencedBatch[], { producerId, epoch, jump, back, count }: Step): SequencedBatch => {
  const earlier = own.at(jump === 'again' ? -back : -1) ?? FIRST;
  const after = wrapped(earlier.baseSequence + earlier.count);
  const starts = {
    next: after,
    again: earlier.baseSequence,
    gap: wrapped(after + 1),
    zero: 0,
    edge: LAST_SEQUENCE - 1,
  };
  return {
    producerId,
    producerEpoch: Math.max(0, earlier.producerEpoch + epoch),
    baseSequence: starts[jump],
    count: jump === 'again' ? Math.max(1, earlier.count) : count,
  };
};

describe('partition log', () => {
  test('R-KP-6 it appends, takes for duplicates and refuses what the broker rule says, whatever comes', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(step, { size: 'max', maxLength: 200 }), (steps) => {
        const log = new PartitionLog();
        const model = new NaiveLog();
        const sent = new Map<bigint, SequencedBatch[]>();
        for (const one of steps) {
          if (one.forgets) {
            log.producers.forget();
            model.forget();
          }
          const own = sent.get(one.producerId) ?? [];
          const batch = nextBatch(own, one);
          sent.set(one.producerId, [...own, batch]);
          const before = log.length;
          const { errorCode, baseOffset } = log.append(recordBatch(batch));
          expect([errorCode, Number(baseOffset)]).toEqual(model.append(batch));
          const isAppended = errorCode === 0 && Number(baseOffset) === before;
          expect(log.length).toBe(isAppended ? before + batch.count : before);
          seen.add(isAppended ? 'appended' : errorCode === 0 ? 'duplicate' : `${errorCode}`);
        }
      }),
      { numRuns: 300 },
    );
    expect([...seen].toSorted()).toEqual(['45', '47', '59', 'appended', 'duplicate']);
  });

  test('R-KP-6 L5 other records under the sequence numbers of a kept batch are answered as done, and not written', () => {
    const log = new PartitionLog();
    const batch = { producerId: 7n, producerEpoch: 0, baseSequence: 0, count: 2 };
    expect(log.append(recordBatch(batch, 'a'))).toEqual({ errorCode: 0, baseOffset: 0n });
    expect(log.append(recordBatch(batch, 'b'))).toEqual({ errorCode: 0, baseOffset: 0n });
    expect(log.records().map(({ value }) => value?.toString())).toEqual(['a0', 'a1']);
    expect(log.append(recordBatch({ ...batch, count: 3 }, 'c'))).toEqual({ errorCode: 45, baseOffset: -1n });
  });

  test('R-KP-6 sequences go on at 0 after the last of 31 bits, and a batch may lie across', () => {
    const log = new PartitionLog();
    const rest = { producerId: 7n, producerEpoch: 0 };
    log.append(recordBatch({ ...rest, baseSequence: 0, count: 1 }));
    log.producers.remember({ ...rest, baseSequence: LAST_SEQUENCE - 2, count: 2 }, 1n);
    expect(log.append(recordBatch({ ...rest, baseSequence: LAST_SEQUENCE, count: 3 }))).toMatchObject({ errorCode: 0 });
    expect(log.append(recordBatch({ ...rest, baseSequence: LAST_SEQUENCE, count: 3 }))).toMatchObject({
      errorCode: 0,
      baseOffset: 1n,
    });
    expect(log.append(recordBatch({ ...rest, baseSequence: 2, count: 1 }))).toMatchObject({ errorCode: 0 });
    expect(log.length).toBe(5);
    log.producers.remember({ ...rest, baseSequence: LAST_SEQUENCE, count: 1 }, 5n);
    expect(log.append(recordBatch({ ...rest, baseSequence: 1, count: 1 }))).toMatchObject({ errorCode: 45 });
    expect(log.append(recordBatch({ ...rest, baseSequence: 0, count: 1 }))).toMatchObject({ errorCode: 0 });
  });

  test('R-KP-6 a new epoch starts at 0 and ends the one before', () => {
    const log = new PartitionLog();
    const at = (producerEpoch: number, baseSequence: number) =>
      log.append(recordBatch({ producerId: 7n, producerEpoch, baseSequence, count: 1 })).errorCode;
    expect([at(0, 0), at(0, 1), at(1, 2), at(1, 0), at(0, 2), at(1, 1)]).toEqual([0, 0, 45, 0, 47, 0]);
  });
});
