/** The records in a batch v2. They are looked through when the batch arrives, and taken apart only for whoever reads the log. */
import { WireError, WireReader } from './wire.ts';

/** A record as a consumer would read it. */
export interface BatchRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
  readonly timestampMs: number;
}

/** What is in a batch, decompressed. */
export interface BatchContent {
  readonly bytes: Buffer;
  readonly count: number;
  readonly baseTimestampMs: number;
}

const varBytes = (reader: WireReader): Buffer | null => {
  const length = reader.varint();
  return length < 0 ? null : reader.bytes(length);
};

const skipVarBytes = (reader: WireReader): void => {
  const length = reader.varint();
  if (length > 0) reader.skip(length);
};

const readRecord = (reader: WireReader, baseTimestampMs: number): BatchRecord => {
  reader.varint();
  reader.int8();
  const timestampMs = baseTimestampMs + reader.varlong();
  reader.varint();
  const key = varBytes(reader);
  const value = varBytes(reader);
  const headers = Array.from({ length: reader.varint() }, () => ({
    name: reader.bytes(reader.varint()).toString('utf8'),
    value: varBytes(reader),
  }));
  return { key, value, headers, timestampMs };
};

/** As {@link readRecord}, only that nothing is made of it; returns its timestamp. */
const skipRecord = (reader: WireReader, baseTimestampMs: number): number => {
  const endsWith = reader.varint();
  const remaining = reader.remaining - endsWith;
  reader.int8();
  const timestampMs = baseTimestampMs + reader.varlong();
  reader.varint();
  skipVarBytes(reader);
  skipVarBytes(reader);
  for (let left = reader.varint(); left > 0; left -= 1) {
    reader.skip(reader.varint());
    skipVarBytes(reader);
  }
  if (reader.remaining !== remaining) throw new WireError(`a record of other than its ${endsWith} bytes`);
  return timestampMs;
};

/**
 * The latest timestamp of all records.
 * @throws {@link WireError} if the content is not exactly its records
 */
export const scanRecords = ({ bytes, count, baseTimestampMs }: BatchContent): number => {
  const reader = new WireReader(bytes);
  let latest = Number.NEGATIVE_INFINITY;
  for (let left = count; left > 0; left -= 1) latest = Math.max(latest, skipRecord(reader, baseTimestampMs));
  if (reader.remaining > 0) throw new WireError('more in the batch than its records');
  return latest;
};

/** All records of a content that was scanned. */
export const readRecords = ({ bytes, count, baseTimestampMs }: BatchContent): readonly BatchRecord[] => {
  const reader = new WireReader(bytes);
  return Array.from({ length: count }, () => readRecord(reader, baseTimestampMs));
};
