import { isRetryable, outcomeOf } from '@busbar/errors';

import {
  OutboxAbortedError,
  OutboxAppendFailedError,
  OutboxPortViolationError,
  OutboxRecordInvalidError,
  OutboxRecordTooLargeError,
  OutboxTxRequiredError,
} from './errors.ts';
import type { DeferringTx, OutboxRecord, Queryable } from './ports.ts';
import { lockOf, recordProblems, shardOf, wireBytes } from './record.ts';
import { bigintIn, textIn } from './row-reader.ts';
import { inSchema } from './schema-name.ts';

/**
 * The INSERTs. In a user's transaction each placeholder occurs once, in order, is scalar and cast: that is what every adapter carries
 * faithfully. Both statements take the transaction's id before their first `seq`, so that no row can hide behind a snapshot.
 */
const APPEND_ONE_SQL = `with x as materialized (select pg_current_xact_id() as xid)
insert into busbar.outbox (shard, bytes, event_id, topic, key, headers, value, value_bin)
select $1::int2, $2::int4, $3::text, $4::text, $5::text, $6::text::json, $7::text, decode($8::text, 'base64') from x where x.xid is not null
returning seq::text as seq, event_id, pg_current_xact_id()::text as xid`;

/** One text for every number of records. The locks of `strict` are taken sorted, and before the first `seq`. */
const APPEND_MANY_SQL = `with d as materialized (
  select r.* from rows from (json_to_recordset($1::text::json) as (shard int2, lock int4, bytes int4, event_id text, topic text, key text, headers json,
         value text, value_b64 text)) with ordinality as r (shard, lock, bytes, event_id, topic, key, headers, value, value_b64, n)),
l as materialized (
  select pg_current_xact_id() as xid, count(pg_advisory_xact_lock(25205, k.lock)) as locked
    from (select distinct lock from d where lock is not null order by lock) k)
insert into busbar.outbox (shard, bytes, event_id, topic, key, headers, value, value_bin)
select d.shard, d.bytes, d.event_id, d.topic, d.key, d.headers, d.value, decode(d.value_b64, 'base64') from d, l
 where l.locked >= 0 and l.xid is not null order by d.n returning seq::text as seq, event_id, pg_current_xact_id()::text as xid`;

/**
 * `insert`: writers that lock or update the aggregate before they publish are ordered by it. `strict`: a lock per key, held to COMMIT,
 * orders all of them; keys that cross in two statements can deadlock (40P01, retryable).
 */
export type Ordering = 'insert' | 'strict';

export interface WriteRules {
  readonly schema: string;
  readonly maxRecordBytes: number;
}

/** A row that was inserted, in a transaction that may still be open. */
export interface InsertedRow {
  readonly id: string;
  readonly seq: bigint;
  readonly shard: number;
  readonly xid: string;
}

/** @throws {@link OutboxRecordInvalidError} with every problem, or {@link OutboxRecordTooLargeError}. */
export const checkRecords = (records: readonly OutboxRecord[], rules: WriteRules): void => {
  const issues = records.flatMap((record, index) =>
    recordProblems(record).map((problem) => ({ path: `records[${index}]`, problem })),
  );
  if (issues.length > 0) throw new OutboxRecordInvalidError({ issues });
  for (const record of records) {
    const bytes = wireBytes(record);
    const limitBytes = rules.maxRecordBytes;
    if (bytes > limitBytes) throw new OutboxRecordTooLargeError({ topic: record.topic, bytes, limitBytes });
  }
};

/** What gives away a pool or the root of a query builder: an insert through it would commit alone. */
const ROOT_MARKS: readonly (readonly [what: string, members: readonly string[]])[] = [
  ['a pool', ['connect', 'totalCount']],
  ['a connection manager', ['tx', 'lease']],
  ['a Knex instance', ['raw', 'transaction', 'destroy']],
  ['a Kysely instance', ['executeQuery', 'startTransaction', 'destroy']],
  ['a Drizzle database', ['execute', '$client']],
];

/** @throws {@link OutboxTxRequiredError} for a pool in place of a transaction. */
export const checkTransaction = (tx: Queryable): void => {
  if ('isTransaction' in tx && tx.isTransaction === true) return;
  for (const [found, members] of ROOT_MARKS)
    if (members.every((member) => member in tx)) throw new OutboxTxRequiredError({ found });
};

const base64 = (value: OutboxRecord['value']): string | null =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') : null;

const plainText = (value: OutboxRecord['value']): string | null => (typeof value === 'string' ? value : null);

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

const oneStatement = (record: OutboxRecord, schema: string): Statement => ({
  text: inSchema(APPEND_ONE_SQL, schema),
  values: [
    shardOf(record),
    wireBytes(record),
    record.id,
    record.topic,
    record.key,
    JSON.stringify(record.headers),
    plainText(record.value),
    base64(record.value),
  ],
});

const manyParameter = (records: readonly OutboxRecord[], ordering: Ordering): string =>
  JSON.stringify(
    records.map((record) => ({
      shard: shardOf(record),
      lock: ordering === 'strict' ? lockOf(record) : null,
      bytes: wireBytes(record),
      event_id: record.id,
      topic: record.topic,
      key: record.key,
      headers: record.headers,
      value: plainText(record.value),
      value_b64: base64(record.value),
    })),
  );

/**
 * The INSERT of deferred records: it does nothing where an `append` of the same transaction has written them already. The setting is
 * local to the transaction and goes back with a savepoint, so it is right whatever was rolled back meanwhile.
 */
const DEFERRED_SQL = APPEND_MANY_SQL.replace(
  'where l.locked >= 0',
  `where position($2::text in coalesce(current_setting('busbar_outbox.written', true), '')) = 0 and l.locked >= 0`,
);

const MARK_WRITTEN_SQL = `select set_config('busbar_outbox.written', coalesce(current_setting('busbar_outbox.written', true), '') || $1::text, true)`;

/** `mark` tells the deferred statements of a transaction apart. */
export const deferredStatement = (
  records: readonly OutboxRecord[],
  o: { readonly ordering: Ordering; readonly schema: string; readonly mark: string },
): { text: string; values: readonly unknown[] } => ({
  text: inSchema(DEFERRED_SQL, o.schema),
  values: [manyParameter(records, o.ordering), o.mark],
});

/** Deferred statements with these marks have nothing left to do, unless this is rolled back. */
export const markWritten = async (q: Queryable, marks: readonly string[]): Promise<void> => {
  await q.query(MARK_WRITTEN_SQL, [marks.join('')]);
};

const insertStatement = (records: readonly OutboxRecord[], ordering: Ordering, schema: string): Statement => {
  const [record] = records;
  return records.length === 1 && record !== undefined && ordering === 'insert'
    ? oneStatement(record, schema)
    : { text: inSchema(APPEND_MANY_SQL, schema), values: [manyParameter(records, ordering)] };
};

const insertedRow = (row: unknown, record: OutboxRecord): InsertedRow => {
  if (textIn(row, 'event_id') !== record.id)
    throw new OutboxPortViolationError({ what: 'INSERT … RETURNING in another order' });
  return { id: record.id, seq: bigintIn(row, 'seq'), shard: shardOf(record), xid: textIn(row, 'xid') };
};

/**
 * What a failed INSERT has done: nothing, where the server said so with an SQLSTATE, or where a transaction around it cannot commit any
 * more. Without a transaction of the caller (`autocommit`) a lost connection leaves it open.
 */
const outcomeOfInsert = (error: unknown, autocommit: boolean): 'not-sent' | 'rejected' | 'unknown' => {
  const stated = outcomeOf(error);
  if (stated !== undefined) return stated;
  return autocommit && !hasSqlState(error) ? 'unknown' : 'rejected';
};

/** A connection exception (class 08) carries an SQLSTATE as well, but not the server's verdict. */
const hasSqlState = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^(?!08|57P0[123])(?=.*\d)[0-9A-Z]{5}$/.test(error.code);

/**
 * Inserts records at once.
 * @throws {@link OutboxAppendFailedError} with the retryability of its cause.
 */
export const insertRecords = async (
  q: Queryable,
  records: readonly OutboxRecord[],
  o: { readonly schema: string; readonly ordering: Ordering; readonly autocommit: boolean },
): Promise<readonly InsertedRow[]> => {
  const { text, values } = insertStatement(records, o.ordering, o.schema);
  const { rows } = await q.query(text, values).catch((error: unknown) => {
    const outcome = outcomeOfInsert(error, o.autocommit);
    throw new OutboxAppendFailedError(
      { records: records.length },
      { cause: error, retryable: isRetryable(error), outcome },
    );
  });
  if (rows.length !== records.length)
    throw new OutboxPortViolationError({ what: 'INSERT … RETURNING with another number of rows' });
  return records.map((record, index) => insertedRow(rows[index], record));
};

export const throwIfAborted = (what: string, signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw new OutboxAbortedError({ what }, { cause: signal.reason });
};

export const isDeferringTx = (tx: Queryable): tx is DeferringTx =>
  'commitWith' in tx && 'afterCommit' in tx && 'afterRollback' in tx && 'afterUnknown' in tx;
