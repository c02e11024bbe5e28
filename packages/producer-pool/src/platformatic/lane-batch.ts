/**
 * The records of one call as a batch of version 2 (KIP-98, "RecordBatch"), in one buffer.
 *
 *   baseOffset = 0  batchLength  partitionLeaderEpoch = 0  magic = 2  crc  attributes = 0  lastOffsetDelta  baseTimestamp
 *   maxTimestamp  producerId  producerEpoch  baseSequence  recordCount  records
 *
 * The checksum is CRC-32C of all that follows it. Where there is no producer id, the fields have what the client writes.
 */
import { crc32c, Writer } from '@platformatic/kafka';

import type { FrozenRecord } from '../driver.ts';
import { encodeRecords } from '../record-bytes.ts';

/** Whose batch it is, to a broker that knows repetitions. */
export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

const HEADER_BYTES = 61;
/** Of the base offset and of the length itself. */
const UNCOUNTED_BYTES = 12;
const MAGIC = 2;
const NO_ATTRIBUTES = 0;
const AT = { length: 8, magic: 16, crc: 17, attributes: 21 } as const;

/** Undefined for none, or if they have a number that is too large to be written here. */
export const laneBatch = (records: readonly FrozenRecord[], of: BatchIdentity): Buffer | undefined => {
  const encoded = encodeRecords(records, HEADER_BYTES);
  if (encoded === undefined) return undefined;
  const { bytes, baseTimestampMs, maxTimestampMs } = encoded;
  bytes.fill(0, 0, AT.magic);
  bytes.writeInt32BE(bytes.length - UNCOUNTED_BYTES, AT.length);
  bytes.writeInt8(MAGIC, AT.magic);
  let at = bytes.writeInt16BE(NO_ATTRIBUTES, AT.attributes);
  at = bytes.writeInt32BE(records.length - 1, at);
  at = bytes.writeBigInt64BE(BigInt(baseTimestampMs), at);
  at = bytes.writeBigInt64BE(BigInt(maxTimestampMs), at);
  at = bytes.writeBigInt64BE(of.producerId, at);
  at = bytes.writeInt16BE(of.producerEpoch, at);
  at = bytes.writeInt32BE(of.baseSequence, at);
  bytes.writeInt32BE(records.length, at);
  // As the client's own kind of buffer; any other it copies first.
  const { dynamicBuffer } = Writer.create().append(bytes.subarray(AT.attributes));
  bytes.writeUInt32BE(crc32c(dynamicBuffer), AT.crc);
  return bytes;
};
