import { isUtf8 } from 'node:buffer';

import type { FrozenRecord } from './driver.ts';

/** A record to publish. Byte arrays are not copied: leave them alone until the record is settled. */
export interface ProducerRecord {
  readonly topic: string;
  /** Records of one key keep their order. `null` or absent: no order, any partition. */
  readonly key?: string | Uint8Array | null;
  /** `null` is a tombstone. */
  readonly value: string | Uint8Array | null;
  readonly headers?: Readonly<Record<string, string | Uint8Array>>;
  /** Overrides the partition of the key. */
  readonly partition?: number;
  /** Epoch milliseconds. Default: the time of the call. */
  readonly timestampMs?: number;
}

/** The limits of R-KP-3, in bytes and counts. */
export interface RecordLimits {
  readonly maxKeyBytes: number;
  readonly maxHeaders: number;
  readonly maxHeaderBytes: number;
}

/** What the buffer is charged per record above its bytes. */
export const RECORD_OVERHEAD_BYTES = 80;
/** Framing allowed for one record in a request of its own. */
export const FRAMING_BYTES = 1_024;

const sizeOf = (part: string | Uint8Array | null | undefined): number => {
  if (part === null || part === undefined) return 0;
  return typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength;
};

const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed();
const isPart = (value: unknown): boolean => typeof value === 'string' || value instanceof Uint8Array;

const keyProblem = (key: unknown, limits: RecordLimits): string | undefined => {
  if (key === null || key === undefined) return undefined;
  if (typeof key === 'string' && !key.isWellFormed()) return 'key has a lone surrogate';
  if (!(typeof key === 'string' || key instanceof Uint8Array)) return 'key must be a string, bytes or null';
  return sizeOf(key) > limits.maxKeyBytes ? `key is larger than ${limits.maxKeyBytes} bytes` : undefined;
};

const headersProblem = (headers: Readonly<Record<string, unknown>>, limits: RecordLimits): string | undefined => {
  const entries = Object.entries(headers);
  if (entries.length > limits.maxHeaders) return `more than ${limits.maxHeaders} headers`;
  let bytes = 0;
  for (const [name, value] of entries) {
    if (name === '' || !isText(name)) return 'a header name is empty or has a lone surrogate';
    if (typeof value === 'string') bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    else if (value instanceof Uint8Array) bytes += Buffer.byteLength(name) + value.byteLength;
    else return 'a header value is neither a string nor bytes';
  }
  return bytes > limits.maxHeaderBytes ? `headers are larger than ${limits.maxHeaderBytes} bytes` : undefined;
};

const isWholeNumber = (value: number | undefined): boolean =>
  value === undefined || (Number.isSafeInteger(value) && value >= 0);

/** What is wrong with a record apart from its topic, or undefined. Types are checked too: callers may be JavaScript. */
export const recordProblem = (record: ProducerRecord, limits: RecordLimits): string | undefined => {
  if (record.value !== null && !isPart(record.value)) return 'value must be a string, bytes or null';
  if (!isWholeNumber(record.partition)) return 'partition must be a whole number from 0';
  if (!isWholeNumber(record.timestampMs)) return 'timestampMs must be a whole number from 0';
  return (
    keyProblem(record.key, limits) ??
    (record.headers === undefined ? undefined : headersProblem(record.headers, limits))
  );
};

/** Bytes of key, value and headers. */
export const recordBytes = (record: ProducerRecord): number => {
  let bytes = sizeOf(record.key) + sizeOf(record.value);
  if (record.headers !== undefined) {
    for (const [name, value] of Object.entries(record.headers)) bytes += Buffer.byteLength(name) + sizeOf(value);
  }
  return bytes;
};

const NO_HEADERS: Readonly<Record<string, string | Uint8Array>> = Object.freeze({});

/** The record as every attempt will carry it. A class for the reason given at `AcceptedRecord`. */
class Frozen implements FrozenRecord {
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly headers: Readonly<Record<string, string | Uint8Array>>;
  readonly timestampMs: number;

  constructor({ key, value, headers, timestampMs }: ProducerRecord, nowEpochMs: number) {
    this.key = key ?? null;
    this.value = value;
    this.headers = headers === undefined ? NO_HEADERS : Object.freeze({ ...headers });
    this.timestampMs = timestampMs ?? nowEpochMs;
  }
}

/** The record as every attempt will carry it: a later change of the caller's object does not reach it. */
export const freezeRecord = (record: ProducerRecord, nowEpochMs: number): FrozenRecord =>
  Object.freeze(new Frozen(record, nowEpochMs));

/**
 * Identity of a key: equal bytes give equal ids, whether they came as text or as bytes; undefined without a key.
 * Bytes that are no UTF-8 get a prefix that no valid text can have.
 */
export const keyIdOf = (key: string | Uint8Array | null | undefined): string | undefined => {
  if (key === null || key === undefined) return undefined;
  if (typeof key === 'string') return key;
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return isUtf8(bytes) ? bytes.toString('utf8') : `\uDC00${bytes.toString('latin1')}`;
};
