/** Record batches v2 (Kafka documentation, "Record Batch"), the only format that producers of today send. */
import { crc32 } from 'node:zlib';

import { crc32c } from './crc32c.ts';
import { CODECS, decompress } from './decompress.ts';
import { type BatchRecord, readRecords, scanRecords } from './records.ts';
import { WireError, WireReader } from './wire.ts';

export interface RecordBatch {
  /** Of the whole batch on the wire. */
  readonly sizeBytes: number;
  /** -1 without idempotence. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly count: number;
  /** Equal for equal records, as they were sent: a checksum of their bytes, compressed or not. */
  readonly contentId: string;
  /** The latest of its records; what its header says is the client's business. */
  readonly latestTimestampMs: number;
  /** Takes the records apart: when somebody asks, because few read what a load wrote. */
  readonly records: () => readonly BatchRecord[];
}

/** Bytes of the header from its first field to the CRC, which covers what follows. */
const CRC_STARTS_AT = 21;

/**
 * Takes one batch apart; undefined if it does not have the checksum that it says.
 * @throws {@link WireError} when it is none, or holds other records than it says
 */
export const readRecordBatch = (bytes: Buffer): RecordBatch | undefined => {
  const reader = new WireReader(bytes);
  reader.int64();
  const length = reader.int32();
  if (length !== reader.remaining) throw new WireError('not exactly one record batch');
  reader.int32();
  if (reader.int8() !== 2) throw new WireError('not a record batch of format 2');
  if (reader.int32() >>> 0 !== crc32c(bytes.subarray(CRC_STARTS_AT))) return undefined;
  const codec = CODECS[reader.int16() & 7];
  reader.int32();
  const baseTimestampMs = Number(reader.int64());
  reader.int64();
  const producerId = reader.int64();
  const producerEpoch = reader.int16();
  const baseSequence = reader.int32();
  const count = reader.int32();
  const payload = reader.bytes(reader.remaining);
  if (codec === undefined || count < 1) throw new WireError('a batch without records, or of an unknown codec');
  const content = { bytes: decompress(codec, payload), count, baseTimestampMs };
  return {
    sizeBytes: bytes.length,
    producerId,
    producerEpoch,
    baseSequence,
    count,
    contentId: `${payload.length}:${crc32(payload)}`,
    latestTimestampMs: scanRecords(content),
    records: () => readRecords(content),
  };
};
