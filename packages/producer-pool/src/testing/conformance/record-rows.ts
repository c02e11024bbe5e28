/** Rows about what arrives: positions, bytes, codecs, sizes, and topics that are not there. */
import { deepStrictEqual, equal, notEqual, ok } from 'node:assert/strict';

import { MESSAGE_TOO_LARGE, UNKNOWN_TOPIC } from '../../kafka-errors.ts';
import type { ConformanceRecord } from './cluster.ts';
import type { Row } from './row.ts';
import { isAcknowledged, record, TIMESTAMP_MS } from './session.ts';

const valuesOf = (log: readonly ConformanceRecord[]): readonly (string | undefined)[] =>
  log.map(({ value }) => value?.toString());

const bytes = (part: string | Uint8Array | null): Buffer | null => (part === null ? null : Buffer.from(part));

/** Values that a codec makes smaller, and that name it. */
const compressible = (codec: string): readonly string[] =>
  Array.from({ length: 50 }, (_, n) => `${codec} ${n} ${'abc'.repeat(n)}`);

const BINARY = Uint8Array.from([0, 255, 128, 10, 0]);

export const recordRows: readonly Row[] = [
  {
    id: 'DC-1',
    title: 'the acknowledgement is the position in the log',
    run: async (s) => {
      const topic = await s.cluster.newTopic();
      const producer = await s.open();
      const batches = [['a', 'b'], ['c'], ['d', 'e', 'f']];
      const offsets: (bigint | undefined)[] = [];
      for (const batch of batches) {
        // oxlint-disable-next-line no-await-in-loop -- one call after the other
        const { ack } = await s.attempt(producer, { topic, records: batch.map((value) => record(value)) });
        equal(ack?.errorCode, 0);
        deepStrictEqual([ack.topic, ack.partition], [topic, 0]);
        offsets.push(ack.baseOffset);
      }
      deepStrictEqual(offsets, [0n, 2n, 3n]);
      const log = await s.cluster.log(topic);
      deepStrictEqual(valuesOf(log), batches.flat());
      deepStrictEqual(
        log.map(({ offset }) => offset),
        [0n, 1n, 2n, 3n, 4n, 5n],
      );
    },
  },
  {
    id: 'DC-2',
    title: 'a topic or partition that does not exist is refused, and nothing is written elsewhere',
    run: async (s) => {
      const topic = await s.cluster.newTopic({ partitions: 2 });
      const producer = await s.open();
      ok(isAcknowledged(await s.attempt(producer, { topic, partition: 1, records: [record('here')] })));
      const ending = await s.attempt(producer, { topic, partition: 7, records: [record('nowhere')] });
      ok(!isAcknowledged(ending), 'a partition that is not there acknowledged');
      const missing = `${topic}-missing`;
      ok(!isAcknowledged(await s.attempt(producer, { topic: missing, records: [record('nowhere')] })), missing);
      equal((await s.metadata([missing])).topics.get(missing)?.errorCode, UNKNOWN_TOPIC);
      deepStrictEqual(valuesOf(await s.cluster.log(topic)), ['here']);
    },
  },
  {
    id: 'DC-10',
    title: 'a record that is too large is refused as such, and leaves nothing behind',
    run: async (s) => {
      const topic = await s.cluster.newTopic({ maxMessageBytes: 2_000 });
      const producer = await s.open();
      const { fault, ack } = await s.attempt(producer, { topic, records: [record('x'.repeat(5_000))] });
      ok(fault !== undefined, `acknowledged at ${ack?.baseOffset}`);
      deepStrictEqual([fault.kind, fault.kafkaCode], ['record', MESSAGE_TOO_LARGE]);
      await s.deliver({ topic, records: [record('small')] }, producer);
      deepStrictEqual(valuesOf(await s.cluster.log(topic)), ['small']);
    },
  },
  {
    id: 'DC-11',
    title: 'keys, values, headers and timestamps arrive as they were given',
    run: async (s) => {
      const topic = await s.cluster.newTopic();
      const records = [
        record('日本 🚌', {
          key: 'grüße',
          headers: { emoji: '🚌', raw: BINARY, 'x-y': '' },
          timestampMs: TIMESTAMP_MS - 1,
        }),
        record('', { key: Buffer.from(BINARY) }),
        record('', { value: BINARY, key: '' }),
        record('', { value: null, key: 'tombstone' }),
        record('keyless'),
      ];
      await s.deliver({ topic, records });
      const log = await s.cluster.log(topic);
      deepStrictEqual(
        log.map(({ key, value, timestampMs, headers }) => ({
          key: bytes(key),
          value: bytes(value),
          timestampMs,
          headers: headers.map(({ name, value: header }) => [name, bytes(header)]),
        })),
        records.map(({ key, value, timestampMs, headers }) => ({
          key: bytes(key),
          value: bytes(value),
          timestampMs,
          headers: Object.entries(headers).map(([name, header]) => [name, bytes(header)]),
        })),
      );
    },
  },
  {
    id: 'DC-12',
    title: 'what every codec writes can be read',
    once: true,
    run: async (s) => {
      const topic = await s.cluster.newTopic();
      const codecs = s.driver.capabilities.compression;
      notEqual(codecs.length, 0);
      const producer = await s.open();
      for (const compression of codecs) {
        const records = compressible(compression).map((value) => record(value));
        // oxlint-disable-next-line no-await-in-loop -- one codec after the other
        const ending = await s.attempt(producer, { topic, records, compression });
        ok(isAcknowledged(ending), `${compression}: ${ending.fault?.kafkaError}`);
      }
      deepStrictEqual(valuesOf(await s.cluster.log(topic)), codecs.flatMap(compressible));
    },
  },
  {
    id: 'DC-15',
    title: 'metadata tells of partitions and leaders, and creates no topic',
    once: true,
    run: async (s) => {
      const topic = await s.cluster.newTopic({ partitions: 3 });
      const missing = `${topic}-missing`;
      for (const _ of ['asked', 'asked again']) {
        // oxlint-disable-next-line no-await-in-loop -- the second time shows what the first did
        const found = (await s.metadata([topic, missing])).topics;
        equal(found.get(missing)?.errorCode, UNKNOWN_TOPIC);
        equal(found.get(topic)?.errorCode, 0);
        equal(found.get(topic)?.partitions.length, 3);
        ok(
          found
            .get(topic)
            ?.partitions.every(({ leader, replicas }) => leader !== undefined && replicas.includes(leader)),
        );
      }
      const { brokers } = await s.metadata([]);
      notEqual(brokers.length, 0);
    },
  },
];
