import { crc32 } from 'node:zlib';

import type { OutboxRecord } from './ports.ts';

/**
 * The shape of a record on its way into the table and out of it, and what is checked before the INSERT so that poison does not enter.
 */

/** Shards are part of the schema, not an option: units of hand-over between relays. */
export const SHARD_COUNT = 64;

const MAX_ID_CHARACTERS = 128;
const MAX_KEY_BYTES = 512;
const TOPIC = /^[\w.-]{1,249}$/;

/** A row as a claim read it. */
export interface ClaimedRow {
  readonly seq: bigint;
  readonly shard: number;
  /** Faults of this event so far. */
  readonly attempts: number;
  readonly bytes: number;
  /** How long its own retry time still lies ahead, by the database clock; 0 = due. */
  readonly waitMs: number;
  /** Time since the row was written, by the database clock, at the claim. */
  readonly ageMs: number;
  /** What it shares a fate with, where the publisher can tell. */
  readonly lane: string | undefined;
  readonly record: OutboxRecord;
}

/** The shard of a key; of the id where there is no key, which spreads unordered events. */
export const shardOf = (record: Pick<OutboxRecord, 'id' | 'key'>): number =>
  crc32(record.key ?? record.id) % SHARD_COUNT;

/** The advisory lock of a key under `ordering: 'strict'`, as a signed 32-bit number; null for an unordered record. */
export const lockOf = (record: Pick<OutboxRecord, 'topic' | 'key'>): number | null =>
  // oxlint-disable-next-line prefer-math-trunc -- reinterprets the unsigned checksum as int4
  record.key === null ? null : crc32(`${record.topic}\0${record.key}`) | 0;

/** What is kept in order together: topic and key; a record without a key stands for itself. */
export const unitOf = (row: Pick<ClaimedRow, 'seq' | 'record'>): string =>
  row.record.key === null ? `\0${row.seq}` : `${row.record.topic}\0${row.record.key}`;

/** Bytes of key, headers and value as they go over the wire, without the protocol's own framing. */
export const wireBytes = (record: OutboxRecord): number => {
  let bytes = record.key === null ? 0 : Buffer.byteLength(record.key);
  for (const [name, value] of Object.entries(record.headers))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  if (typeof record.value === 'string') bytes += Buffer.byteLength(record.value);
  else if (record.value !== null) bytes += record.value.byteLength;
  return bytes;
};

/** PostgreSQL text holds no NUL, and its json refuses lone surrogates. */
const textProblem = (text: string): string | undefined => {
  if (text.includes('\0')) return 'contains a NUL character';
  return text.isWellFormed() ? undefined : 'contains a lone surrogate';
};

const idProblem = (id: unknown): string | undefined => {
  if (typeof id !== 'string' || id.length === 0) return 'id must be a non-empty string';
  if (id.length > MAX_ID_CHARACTERS) return `id is longer than ${MAX_ID_CHARACTERS} characters`;
  const problem = textProblem(id);
  return problem === undefined ? undefined : `id ${problem}`;
};

const topicProblem = (topic: unknown): string | undefined =>
  typeof topic === 'string' && TOPIC.test(topic) && topic !== '.' && topic !== '..'
    ? undefined
    : 'topic must be 1 to 249 of the characters a-z A-Z 0-9 . _ -';

const keyProblem = (key: unknown): string | undefined => {
  if (key === null) return undefined;
  if (typeof key !== 'string') return 'key must be a string, or null for an unordered record';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `key is longer than ${MAX_KEY_BYTES} bytes`;
  const problem = textProblem(key);
  return problem === undefined ? undefined : `key ${problem}`;
};

const headersProblem = (headers: unknown): string | undefined => {
  if (typeof headers !== 'object' || headers === null) return 'headers must be an object of strings';
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') return 'every header must be a string';
    if (textProblem(name) !== undefined || textProblem(value) !== undefined)
      return 'a header contains a NUL character or a lone surrogate';
  }
  return undefined;
};

const valueProblem = (value: unknown): string | undefined => {
  if (value === null || value instanceof Uint8Array) return undefined;
  if (typeof value !== 'string') return 'value must be a string, bytes, or null for a tombstone';
  const problem = textProblem(value);
  return problem === undefined ? undefined : `value ${problem}`;
};

/** Everything that is wrong with a record; never quotes what is in it. */
export const recordProblems = (record: OutboxRecord): readonly string[] =>
  [
    idProblem(record.id),
    topicProblem(record.topic),
    keyProblem(record.key),
    headersProblem(record.headers),
    valueProblem(record.value),
  ].filter((problem) => problem !== undefined);
