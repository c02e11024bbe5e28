import {
  Connection,
  createAPI,
  type CreateRecordsBatchOptions,
  NumericMap,
  produceV10,
  produceV11,
  produceV3,
  produceV4,
  produceV5,
  produceV6,
  produceV7,
  produceV8,
  produceV9,
  Reader,
  readRecordsBatch,
  Writer,
} from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { DriverCall, FrozenRecord } from '../../src/driver.ts';
import { forLanes, Lane } from '../../src/platformatic/lane-api.ts';
import { laneBatch } from '../../src/platformatic/lane-batch.ts';
import { anyRecords, AT_MS } from '../any-records.ts';

const ALL = -1;
const TIMEOUT_MS = 900;
const TOPIC = 'orders';
const PARTITION = 4;
const PRODUCE = 0;

const CALL: Omit<DriverCall, 'records'> = {
  topic: TOPIC,
  partition: PARTITION,
  acks: 'all',
  compression: 'none',
  timeoutMs: 1_000,
};
const PLAIN: Partial<CreateRecordsBatchOptions> = {};
const IDEMPOTENT: Partial<CreateRecordsBatchOptions> = {
  producerId: 2n ** 40n,
  producerEpoch: 3,
  sequences: new NumericMap([[`${TOPIC}:${PARTITION}`, 70_000]]),
};

/** Keeps what it is given to send. */
class Wire extends Connection {
  sent: Buffer | undefined;

  override send<Answer>(...[, , createPayload]: Parameters<typeof Connection.prototype.send<Answer>>): void {
    const payload = createPayload();
    if (payload instanceof Writer) this.sent = payload.buffer;
  }
}

/** What an API sends, asked as the client asks it. */
const sentBy = (api: unknown, messages: readonly object[], options: object): Buffer => {
  if (typeof api !== 'function') throw new TypeError('this is no API');
  const wire = new Wire('test');
  Reflect.apply(api, undefined, [wire, ALL, TIMEOUT_MS, messages, options, () => undefined]);
  if (wire.sent === undefined) throw new Error('nothing was sent');
  return wire.sent;
};

/** The messages that the client makes of those it is given for a lane. */
const laneMessages = (records: readonly FrozenRecord[], o: Partial<DriverCall> = {}): object[] => {
  const value = new Lane({ ...CALL, records, ...o });
  return records.map(() => ({ topic: TOPIC, partition: PARTITION, value, headers: new Map(), timestamp: undefined }));
};

const bytes = (part: string | Uint8Array | null): Buffer | undefined => (part === null ? undefined : Buffer.from(part));

const plainMessages = (records: readonly FrozenRecord[]): object[] =>
  records.map(({ key, value, headers, timestampMs }) => ({
    topic: TOPIC,
    partition: PARTITION,
    key: bytes(key),
    value: bytes(value),
    headers: new Map(Object.entries(headers).map(([name, part]) => [Buffer.from(name), bytes(part)])),
    timestamp: BigInt(timestampMs),
  }));

const oldestFirst = (records: readonly FrozenRecord[]): FrozenRecord[] =>
  records.toSorted((a, b) => a.timestampMs - b.timestampMs);

const record = (value: string, timestampMs = AT_MS): FrozenRecord => ({ key: 'k', value, headers: {}, timestampMs });
const RECORDS = [record('a'), record('b', AT_MS + 1)];

const VERSIONS = [
  produceV3,
  produceV4,
  produceV5,
  produceV6,
  produceV7,
  produceV8,
  produceV9,
  produceV10,
  produceV11,
].map(({ api }) => [api.version, api] as const);

describe('the Produce API for lanes', () => {
  test.each(VERSIONS)('R-KP-1 PL-1 sends the bytes that the client itself would send, version %i', (_, api) => {
    fc.assert(
      fc.property(anyRecords.map(oldestFirst), fc.constantFrom(PLAIN, IDEMPOTENT), (records, options) => {
        const sent = sentBy(forLanes(api), laneMessages(records), options);
        expect(sent.equals(sentBy(api, plainMessages(records), options))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('R-KP-1 B-KP-4 asks the client for nothing that it writes itself', () => {
    const refuse = (): never => {
      throw new Error('the client writes it');
    };
    const api = createAPI<unknown[], unknown>(PRODUCE, 9, refuse, () => undefined);
    expect(sentBy(forLanes(api), laneMessages(RECORDS), IDEMPOTENT).length).toBeGreaterThan(0);
  });

  test('R-KP-1 writes every record as it is, wherever the oldest stands', () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const batch = laneBatch(records, { producerId: 7n, producerEpoch: 1, baseSequence: 9 });
        if (batch === undefined) return;
        const read = readRecordsBatch(Reader.from(batch));
        expect(read.records.map(({ timestampDelta }) => Number(read.firstTimestamp + timestampDelta))).toEqual(
          records.map(({ timestampMs }) => timestampMs),
        );
        expect(Number(read.maxTimestamp)).toBe(Math.max(...records.map(({ timestampMs }) => timestampMs)));
        expect(read.records.map(({ value }) => value?.toString('hex'))).toEqual(
          records.map(({ value }) => bytes(value)?.toString('hex')),
        );
      }),
    );
  });

  test.each([
    ['a compressed batch', { compression: 'zstd' } as const, RECORDS],
    ['times further apart than 2³⁰ ms', {}, [record('a', 0), record('b', 2 ** 31)]],
  ])('R-KP-6 leaves %s to the client', (_, o, records) => {
    // The client compresses both; what was written here would not be.
    const options = { compression: 'zstd' };
    const sent = sentBy(forLanes(produceV9.api), laneMessages(records, o), options);
    expect(sent.equals(sentBy(produceV9.api, plainMessages(records), options))).toBe(true);
  });

  test.each([2, 12])('R-KP-6 leaves version %i, which it does not know, to the client', (version) => {
    const own = Writer.create().appendInt8(1);
    const asked: unknown[] = [];
    const api = createAPI<unknown[], unknown>(
      PRODUCE,
      version,
      (...args: unknown[]) => {
        asked.push(...args);
        return own;
      },
      () => undefined,
    );
    expect(sentBy(forLanes(api), laneMessages(RECORDS), PLAIN)).toBe(own.buffer);
    expect(asked[2]).toEqual(plainMessages(RECORDS));
  });

  test('R-KP-1 sends again what it has laid out for the client, and what was never of a lane', () => {
    const messages = laneMessages(RECORDS, { compression: 'zstd' });
    const first = sentBy(forLanes(produceV9.api), messages, PLAIN);
    expect(sentBy(forLanes(produceV9.api), messages, PLAIN).equals(first)).toBe(true);
    expect(sentBy(forLanes(produceV9.api), plainMessages(RECORDS), PLAIN).equals(first)).toBe(true);
  });

  test('PL-1 leaves the rest of a connection and of an API as they are', () => {
    const api = forLanes(produceV9.api);
    expect([api.key, api.version]).toEqual([PRODUCE, 9]);
    const seen: unknown[] = [];
    const spying = createAPI<unknown[], unknown>(
      PRODUCE,
      9,
      () => Writer.create(),
      () => undefined,
    );
    const apart = Object.assign((connection: Connection) => seen.push(connection.ownerId), spying);
    Reflect.apply(forLanes(apart), undefined, [
      new Wire('test', { ownerId: 3 }),
      ALL,
      TIMEOUT_MS,
      laneMessages(RECORDS),
      PLAIN,
    ]);
    expect(seen).toEqual([3]);
  });
});
