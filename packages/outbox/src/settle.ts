import { serializeError } from '@busbar/errors';

import type { Queryable } from './ports.ts';
import type { ClaimedRow } from './record.ts';
import type { Fault, Park } from './relay-protocol.ts';
import { bigintIn, numberIn } from './row-reader.ts';
import { inSchema } from './schema-name.ts';

/**
 * ACK, CHARGE and PARK name the event as well as its `seq` (trap C1): after a failover to a replica that lags, the sequence goes back
 * and its values are used again, and a DELETE by `seq` alone would remove an event that was never sent. Arrays are sorted by `seq`,
 * which is the order of the row locks.
 */
const ACK_SQL = `delete from busbar.outbox o using unnest($1::int8[], $2::text[]) as a (seq, event_id) where o.seq = a.seq and o.event_id = a.event_id`;

const CHARGE_SQL = `update busbar.outbox o set attempts = least(o.attempts + 1, 32767), not_before = now() + f.delay_ms * interval '1 ms', last_error = left(f.error, 500)
  from unnest($1::int8[], $2::text[], $3::int4[], $4::text[]) as f (seq, event_id, delay_ms, error)
 where o.seq = f.seq and o.event_id = f.event_id returning o.seq::text as seq, o.attempts`;

/** One statement: a row is never in both tables and never in neither. */
const PARK_SQL = `with d as (delete from busbar.outbox o using unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[]) as f (seq, event_id, reason, code, error)
            where o.seq = f.seq and o.event_id = f.event_id returning o.*, f.reason, f.code, f.error)
insert into busbar.outbox_dead (seq, shard, attempts, bytes, created_at, replay_of, event_id, topic, key, headers, value, value_bin, last_error, reason, error_code)
select seq, shard, attempts, bytes, created_at, replay_of, event_id, topic, key, headers, value, value_bin, coalesce(left(error, 500), last_error), reason, code
  from d order by seq returning dead_id::text as dead_id, seq::text as seq`;

const seqs = (rows: readonly ClaimedRow[]): readonly string[] => rows.map((row) => String(row.seq));
const ids = (rows: readonly ClaimedRow[]): readonly string[] => rows.map((row) => row.record.id);

/** What may be stored of a foreign error: its message after the allow-list and the scrubbing of `@busbar/errors`. */
const errorText = (error: unknown): string => serializeError(error, { stack: false }).message;

/** Deletes acknowledged rows; the number that were still there. */
export const acknowledge = async (q: Queryable, schema: string, rows: readonly ClaimedRow[]): Promise<number> => {
  const { rowCount } = await q.query(inSchema(ACK_SQL, schema), [seqs(rows), ids(rows)]);
  return rowCount ?? rows.length;
};

export interface Charged {
  readonly seq: bigint;
  readonly attempts: number;
}

/** Counts a fault of each event; `delayMs` gives the time to its next attempt. Answers the rows that were still there. */
export const charge = async (
  q: Queryable,
  schema: string,
  o: { readonly faults: readonly Fault[]; readonly delayMs: (fault: Fault) => number },
): Promise<readonly Charged[]> => {
  const rows = o.faults.map((fault) => fault.row);
  const delays = o.faults.map((fault) => Math.round(o.delayMs(fault)));
  const errors = o.faults.map((fault) => `${fault.outcome.code}: ${errorText(fault.outcome.error)}`);
  const answer = await q.query(inSchema(CHARGE_SQL, schema), [seqs(rows), ids(rows), delays, errors]);
  return answer.rows.map((row) => ({ seq: bigintIn(row, 'seq'), attempts: numberIn(row, 'attempts') }));
};

/** Moves events to the dead letters. */
export const park = async (q: Queryable, schema: string, parks: readonly Park[]): Promise<void> => {
  const rows = parks.map(({ row }) => row);
  await q.query(inSchema(PARK_SQL, schema), [
    seqs(rows),
    ids(rows),
    parks.map(({ reason }) => reason),
    parks.map(({ outcome }) => outcome?.code ?? null),
    parks.map(({ outcome }) => (outcome === undefined ? null : `${outcome.code}: ${errorText(outcome.error)}`)),
  ]);
};
