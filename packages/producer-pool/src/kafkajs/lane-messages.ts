/**
 * The messages of one partition, for a client that takes its time over each of them.
 *
 * kafkajs 2.2.4 groups messages by partition with a copy of the group for each message, and encodes each message into three or four
 * buffers of its own: together a third of what a record costs it. This is an array like any other, but where the client reduces it to
 * groups it becomes the group, and where the client maps it to encoders all records are written into the first of them at once.
 *
 * Nothing here knows what version asks. The client's own function is applied to the first message (and the last): only if its result
 * is the group of one partition, or the very bytes that were written here, is it taken to be what it looks like. Whatever else is
 * asked of the array it does as every array.
 */
import type { Message } from 'kafkajs';

import { asBuffer } from '../as-buffer.ts';
import type { FrozenRecord } from '../driver.ts';
import { isObject, property } from '../foreign-value.ts';
import { type EncodedRecords, encodeRecords } from '../record-bytes.ts';

/** With fewer there is nothing to gain. */
const MIN_MESSAGES = 3;

/** kafkajs's `Encoder`: what is written stands in the first `offset` bytes. */
interface Encoder {
  buf: Buffer;
  offset: number;
}

/** kafkajs writes text as UTF-8 by itself. */
const toBytes = (part: string | Uint8Array): string | Buffer => (typeof part === 'string' ? part : asBuffer(part));

/** Most records have none. */
const NO_HEADERS = Object.freeze({});

const toHeaders = (headers: FrozenRecord['headers']): Record<string, string | Buffer> => {
  const entries = Object.entries(headers);
  return entries.length === 0 ? NO_HEADERS : Object.fromEntries(entries.map(([name, value]) => [name, toBytes(value)]));
};

const isEncoder = (value: unknown): value is Encoder =>
  isObject(value) &&
  'buf' in value &&
  Buffer.isBuffer(value.buf) &&
  'offset' in value &&
  typeof value.offset === 'number';

const holds = ({ buf, offset }: Encoder, bytes: Buffer): boolean => buf.subarray(0, offset).equals(bytes);

const agree = (first: Encoder, last: Encoder, { bytes, firstLength, lastLength }: EncodedRecords): boolean =>
  holds(first, bytes.subarray(0, firstLength)) && holds(last, bytes.subarray(bytes.length - lastLength));

/** True of `{ [partition]: [message] }`. */
const isGroupOf = (value: unknown, message: OutgoingMessage): boolean => {
  if (!isObject(value) || Object.keys(value).length !== 1) return false;
  const group = property(value, String(message.partition));
  return Array.isArray(group) && group.length === 1 && group[0] === message;
};

/** As the client wants a record. A class, because it lives as long as the call: see `AcceptedRecord`. */
class OutgoingMessage implements Message, FrozenRecord {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: Record<string, string | Buffer>;
  readonly partition: number;
  readonly timestamp: string;
  readonly timestampMs: number;

  constructor({ key, value, headers, timestampMs }: FrozenRecord, partition: number, timestamp: string) {
    this.key = key === null ? null : toBytes(key);
    this.value = value === null ? null : toBytes(value);
    this.headers = toHeaders(headers);
    this.partition = partition;
    this.timestamp = timestamp;
    this.timestampMs = timestampMs;
  }
}

type Callback = (...given: unknown[]) => unknown;

/** `Array.prototype.reduce`, or the group of one partition. */
function reduce(this: OutgoingMessage[], add: Callback, ...initial: unknown[]): unknown {
  const [first] = this;
  if (first !== undefined && isGroupOf(add({}, first, 0, this), first)) return { [first.partition]: this };
  return Reflect.apply(Array.prototype.reduce, this, [add, ...initial]);
}

/** `Array.prototype.map`, or the client's own encoders: one with all records, the others empty. */
function map(this: OutgoingMessage[], encode: Callback, ...self: unknown[]): unknown {
  return encodersOf(this, encode) ?? Reflect.apply(Array.prototype.map, this, [encode, ...self]);
}

/** Undefined where the client does not encode, or not as we do. */
const encodersOf = (messages: OutgoingMessage[], encode: Callback): readonly Encoder[] | undefined => {
  const [head] = messages;
  const tail = messages.at(-1);
  if (head === undefined || tail === undefined || messages.length < MIN_MESSAGES) return undefined;
  const first = encode(head, 0, messages);
  if (!isEncoder(first)) return undefined;
  const last = encode(tail, messages.length - 1, messages);
  const records = encodeRecords(messages);
  if (!isEncoder(last) || records === undefined || !agree(first, last, records)) return undefined;
  first.buf = records.bytes;
  first.offset = records.bytes.length;
  last.offset = 0;
  const encoders = [first];
  while (encoders.length < messages.length) encoders.push(last);
  return encoders;
};

const LANE_METHODS: PropertyDescriptorMap = { reduce: { value: reduce }, map: { value: map } };

/** What the client is to send of these records, in their order, all to one partition. For one call and its retries inside the client. */
export const laneMessages = (records: readonly FrozenRecord[], partition: number): OutgoingMessage[] => {
  let lastMs = Number.NaN;
  let timestamp = '';
  const messages = records.map((record) => {
    // Many are of one millisecond and share its text: the client sorts these texts.
    if (record.timestampMs !== lastMs) timestamp = String(record.timestampMs);
    lastMs = record.timestampMs;
    return new OutgoingMessage(record, partition, timestamp);
  });
  return Object.defineProperties(messages, LANE_METHODS);
};
