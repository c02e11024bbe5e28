import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { FrozenRecord } from '../../src/driver.ts';
import { property } from '../../src/foreign-value.ts';
import { laneMessages } from '../../src/kafkajs/lane-messages.ts';
import { encodeRecords } from '../../src/record-bytes.ts';
import { anyRecord, anyRecords, AT_MS } from '../any-records.ts';
import { ofKafkaJs } from './of-kafkajs.ts';

const PARTITION = 4;

const group = ofKafkaJs('producer/groupMessagesPerPartition.js');
const createTopicData = ofKafkaJs('producer/createTopicData.js');
const produceRequest = ofKafkaJs('protocol/requests/produce/v7/request.js');
const encodeRecord = ofKafkaJs('protocol/recordBatch/record/v0/index.js');

/** The bytes of the request that kafkajs makes of these messages, its own way from `send` to the socket. */
const requestBytes = async (messages: unknown): Promise<Buffer> => {
  const partitioner = ({ message }: { readonly message: { readonly partition: number } }): number => message.partition;
  const messagesPerPartition = group({ topic: 't', partitionMetadata: [{}], messages, partitioner });
  const topicData = createTopicData([{ topic: 't', partitions: [PARTITION], messagesPerPartition }]);
  const request = produceRequest({ acks: -1, timeout: 1_000, topicData });
  if (typeof request !== 'object' || request === null || !('encode' in request) || typeof request.encode !== 'function')
    throw new TypeError('kafkajs encodes otherwise');
  const encoded: unknown = await Reflect.apply(request.encode, request, []);
  return bytesOf(encoded);
};

const bytesOf = (encoder: unknown): Buffer => {
  if (typeof encoder !== 'object' || encoder === null || !('buffer' in encoder) || !Buffer.isBuffer(encoder.buffer))
    throw new TypeError('this is no encoder of kafkajs');
  return encoder.buffer;
};

const record = (value: string, timestampMs = AT_MS): FrozenRecord => ({ key: 'k', value, headers: {}, timestampMs });
const RECORDS = ['a', 'b', 'c', 'd'].map((value) => record(value));

describe('the messages of one partition', () => {
  test('R-KP-1 B-KP-2 are the same bytes in a request as an array of the same messages', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, async (records) => {
        const messages = laneMessages(records, PARTITION);
        const bytes = await requestBytes(messages);
        expect(bytes.equals(await requestBytes([...messages]))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('B-KP-2 become the group themselves', () => {
    const messages = laneMessages(RECORDS, PARTITION);
    const grouped = group({ topic: 't', partitionMetadata: [{}], messages, partitioner: () => PARTITION });
    expect(grouped).toEqual({ [PARTITION]: messages });
    expect(property(grouped, String(PARTITION))).toBe(messages);
  });

  test('B-KP-2 are written in one go from three on, whatever they hold', () => {
    const encode = (message: object, offsetDelta: number): unknown => encodeRecord({ ...message, offsetDelta });
    const lengths = (encoders: readonly unknown[]): readonly number[] => encoders.map((one) => bytesOf(one).length);
    fc.assert(
      fc.property(fc.array(anyRecord(fc.constant(AT_MS)), { minLength: 1, maxLength: 70 }), (records) => {
        const messages = laneMessages(records, PARTITION);
        const each = lengths([...messages].map(encode));
        const all = each.reduce((sum, length) => sum + length);
        expect(lengths(messages.map(encode))).toEqual(each.length < 3 ? each : [all, ...each.slice(1).fill(0)]);
      }),
    );
  });

  test('KJ-2 are any other array to whoever does not group or encode them', () => {
    const messages = laneMessages(RECORDS, PARTITION);
    expect(messages).toHaveLength(4);
    expect(messages.map(({ value }) => value)).toEqual(['a', 'b', 'c', 'd']);
    expect(messages.reduce((text, { value }) => `${text}${String(value)}`, '')).toBe('abcd');
    expect(messages.reduce((_, message) => message)).toBe(messages[3]);
    expect(messages.filter(({ value }) => value !== 'a')).toHaveLength(3);
    expect(Object.keys(messages)).toEqual(['0', '1', '2', '3']);
    expect(laneMessages([], PARTITION).reduce((sum) => sum + 1, 0)).toBe(0);
    expect(laneMessages([], PARTITION).map(() => 1)).toEqual([]);
    expect(encodeRecords([])).toBeUndefined();
  });

  test.each([
    ['the first', 0],
    ['the last', 3],
  ])('KJ-2 are encoded one by one if the client writes %s otherwise', (_, changed) => {
    const encode = (message: object, offsetDelta: number): unknown =>
      encodeRecord({ ...message, offsetDelta, timestampDelta: offsetDelta === changed ? 1 : 0 });
    const encoders = laneMessages(RECORDS, PARTITION).map(encode);
    expect(encoders.map((encoder) => bytesOf(encoder).length > 0)).toEqual([true, true, true, true]);
  });

  test.each([
    ['an object for the first alone', (_: object, index: number) => (index === 0 ? encodeRecord({}) : 'x')],
    ['objects without bytes', () => ({ buf: 'x', offset: 0 })],
    ['objects without a length', () => ({ buf: Buffer.alloc(1) })],
    ['objects of another length', () => ({ buf: Buffer.alloc(1), offset: '1' })],
  ])('KJ-2 are left alone if the client makes %s', (_, make) => {
    const made = laneMessages(RECORDS, PARTITION).map(make);
    expect(made).toHaveLength(4);
    expect(made.slice(1)).toEqual([1, 2, 3].map((index) => make(record('x'), index)));
  });

  test.each([
    ['nothing', () => undefined],
    ['two groups', (_: unknown, message: object) => ({ 4: [message], 5: [] })],
    ['another partition', (_: unknown, message: object) => ({ 5: [message] })],
    ['no list', (_: unknown, message: object) => ({ 4: message })],
    ['a longer list', (_: unknown, message: object) => ({ 4: [message, message] })],
    ['another message', () => ({ 4: [{}] })],
  ])('KJ-2 are not one group if the client reduces the first to %s', (_, add) => {
    const messages = laneMessages(RECORDS, PARTITION);
    const reduced = messages.reduce<unknown>(add, {});
    expect(reduced).toEqual(add(undefined, messages[3] ?? {}));
  });
});
