/**
 * Records as a batch of version 2 holds them (KIP-98, "Record"): a run of length-prefixed records, numbers as zigzag varints.
 *
 *   length  attributes = 0  timestampDelta  offsetDelta  key  value  headerCount  (headerKey  headerValue)*
 *
 * Measured first, then written into one buffer of that size.
 */
import type { FrozenRecord } from './driver.ts';

type Bytes = string | Uint8Array;

export interface EncodedRecords {
  /** The records, behind as many bytes as were left free. */
  readonly bytes: Buffer;
  /** Bytes of the first and of the last record. */
  readonly firstLength: number;
  readonly lastLength: number;
  /** Epoch milliseconds of the oldest record, from which all count theirs, and of the youngest. */
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
}

/** No larger number is written here: doubled by zigzag, it has to fit 32 bits. */
const MAX_NUMBER = 2 ** 30;
const SEVEN_BITS = 0x7f;
const MORE = 0x80;
const NO_ATTRIBUTES = 0;
const ATTRIBUTES_BYTES = 1;
/** The length of null is −1, which zigzag makes a 1. */
const NULL_LENGTH = 1;
const NULL_BYTES = 1;

/** Of a number from 0 to 2³⁰; the added bit is zigzag's. */
const varintBytes = (value: number): number => Math.ceil((33 - Math.clz32(value)) / 7);

const lengthOf = (part: Bytes): number => (typeof part === 'string' ? Buffer.byteLength(part) : part.length);

const partBytes = (part: Bytes | null): number => {
  if (part === null) return NULL_BYTES;
  const length = lengthOf(part);
  return varintBytes(length) + length;
};

const headersBytes = (headers: Measured['headers']): number => {
  let bytes = varintBytes(headers.length);
  for (const [name, value] of headers) bytes += partBytes(name) + partBytes(value);
  return bytes;
};

/** A record measured. A class for the reason given at `AcceptedRecord`. */
class Measured {
  readonly record: FrozenRecord;
  readonly headers: readonly (readonly [name: string, value: Bytes])[];
  readonly timestampDelta: number;
  readonly offsetDelta: number;
  /** Without the length in front. */
  readonly bodyBytes: number;

  constructor(record: FrozenRecord, baseTimestampMs: number, offsetDelta: number) {
    this.record = record;
    this.headers = Object.entries(record.headers);
    this.timestampDelta = record.timestampMs - baseTimestampMs;
    this.offsetDelta = offsetDelta;
    this.bodyBytes =
      ATTRIBUTES_BYTES +
      varintBytes(this.timestampDelta) +
      varintBytes(offsetDelta) +
      partBytes(record.key) +
      partBytes(record.value) +
      headersBytes(this.headers);
  }

  get bytes(): number {
    return varintBytes(this.bodyBytes) + this.bodyBytes;
  }

  get fits(): boolean {
    return Math.max(this.timestampDelta, this.offsetDelta, this.bodyBytes) <= MAX_NUMBER;
  }
}

class RecordWriter {
  readonly bytes: Buffer;
  #at: number;

  constructor(size: number, headroom: number) {
    // Every byte of it is written, here or by whoever wanted room.
    this.bytes = Buffer.allocUnsafe(headroom + size);
    this.#at = headroom;
  }

  write({ record, headers, timestampDelta, offsetDelta, bodyBytes }: Measured): void {
    this.#number(bodyBytes);
    this.bytes[this.#at++] = NO_ATTRIBUTES;
    this.#number(timestampDelta);
    this.#number(offsetDelta);
    this.#part(record.key);
    this.#part(record.value);
    this.#number(headers.length);
    for (const [name, value] of headers) {
      this.#part(name);
      this.#part(value);
    }
  }

  #number(value: number): void {
    let rest = value * 2;
    while (rest > SEVEN_BITS) {
      this.bytes[this.#at++] = (rest & SEVEN_BITS) | MORE;
      rest >>>= 7;
    }
    this.bytes[this.#at++] = rest;
  }

  #part(part: Bytes | null): void {
    if (part === null) {
      this.bytes[this.#at++] = NULL_LENGTH;
      return;
    }
    this.#number(lengthOf(part));
    if (typeof part === 'string') {
      this.#at += this.bytes.write(part, this.#at);
    } else {
      this.bytes.set(part, this.#at);
      this.#at += part.length;
    }
  }
}

/**
 * The records of one batch, one behind the other, behind `headroom` bytes for somebody else to write. Undefined for none, or if one has a
 * number that is too large to be written here.
 */
export const encodeRecords = (records: readonly FrozenRecord[], headroom = 0): EncodedRecords | undefined => {
  let baseTimestampMs = Number.MAX_SAFE_INTEGER;
  let maxTimestampMs = 0;
  for (const { timestampMs } of records) {
    baseTimestampMs = Math.min(baseTimestampMs, timestampMs);
    maxTimestampMs = Math.max(maxTimestampMs, timestampMs);
  }
  const measured: Measured[] = [];
  let size = 0;
  for (const record of records) {
    const one = new Measured(record, baseTimestampMs, measured.length);
    if (!one.fits) return undefined;
    measured.push(one);
    size += one.bytes;
  }
  const [first] = measured;
  const last = measured.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const writer = new RecordWriter(size, headroom);
  for (const record of measured) writer.write(record);
  return {
    bytes: writer.bytes,
    firstLength: first.bytes,
    lastLength: last.bytes,
    baseTimestampMs,
    maxTimestampMs,
  };
};
