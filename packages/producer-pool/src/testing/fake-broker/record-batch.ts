/** Record batches v2 (Kafka documentation, "Record Batch"), the only format that producers of today send. */
import { crc32c } from './crc32c.ts';
import { CODECS, decompress } from './decompress.ts';
import { WireError, WireReader } from './wire.ts';

/** A record as a consumer would read it. */
export interface BatchRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
  readonly timestampMs: number;
}

export interface RecordBatch {
  /** Of the whole batch on the wire. */
  readonly sizeBytes: number;
  readonly crcMatches: boolean;
  /** -1 without idempotence. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly count: number;
  /** The records as they were sent, compressed or not: equal bytes are equal records. */
  readonly payload: Buffer;
  readonly records: readonly BatchRecord[];
}

/** Bytes of the header from its first field to the CRC, which covers what follows. */
const CRC_STARTS_AT = 21;

const varBytes = (reader: WireReader): Buffer | null => {
  const length = reader.varint();
  return length < 0 ? null : reader.bytes(length);
};

const readRecord = (reader: WireReader, baseTimestamp: bigint): BatchRecord => {
  const record = new WireReader(reader.bytes(reader.varint()));
  record.int8();
  const timestampMs = Number(baseTimestamp + record.varlong());
  record.varint();
  const key = varBytes(record);
  const value = varBytes(record);
  const headers = Array.from({ length: record.varint() }, () => ({
    name: record.bytes(record.varint()).toString('utf8'),
    value: varBytes(record),
  }));
  return { key, value, headers, timestampMs };
};

/**
 * Takes one batch apart.
 * @throws {@link WireError} when it is none, or holds other records than it says
 */
export const readRecordBatch = (bytes: Buffer): RecordBatch => {
  const reader = new WireReader(bytes);
  reader.int64();
  const length = reader.int32();
  if (length !== reader.remaining) throw new WireError('not exactly one record batch');
  reader.int32();
  if (reader.int8() !== 2) throw new WireError('not a record batch of format 2');
  const crcMatches = reader.int32() >>> 0 === crc32c(bytes.subarray(CRC_STARTS_AT));
  const codec = CODECS[reader.int16() & 7];
  reader.int32();
  const baseTimestamp = reader.int64();
  reader.int64();
  const producerId = reader.int64();
  const producerEpoch = reader.int16();
  const baseSequence = reader.int32();
  const count = reader.int32();
  const payload = reader.bytes(reader.remaining);
  const head = { sizeBytes: bytes.length, crcMatches, producerId, producerEpoch, baseSequence, count, payload };
  if (!crcMatches) return { ...head, records: [] };
  if (codec === undefined || count < 1) throw new WireError('a batch without records, or of an unknown codec');
  const content = new WireReader(decompress(codec, payload));
  const records = Array.from({ length: count }, () => readRecord(content, baseTimestamp));
  if (content.remaining > 0) throw new WireError('more in the batch than its records');
  return { ...head, records };
};
