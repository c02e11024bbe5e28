import { OutboxPortViolationError } from './errors.ts';
import type { OutboxRecord, Publisher, Queryable } from './ports.ts';
import type { ClaimedRow } from './record.ts';
import type { WorkStatement } from './relay-protocol.ts';
import { bigintIn, bytesOrNullIn, numberIn, textIn, textOrNullIn } from './row-reader.ts';
import { inSchema } from './schema-name.ts';

/**
 * Settings of the work connection. Without them a generic plan that was made while the table was empty scans it once per shard, and
 * the JIT compiles a plan for one row. Behind a transaction pooler they have to be settings of the role.
 */
const SESSION_SQL = `select set_config('default_transaction_isolation', 'read committed', false), set_config('plan_cache_mode', 'force_custom_plan', false),
       set_config('jit', 'off', false), set_config('enable_seqscan', 'off', false), set_config('statement_timeout', $1::text, false), set_config('lock_timeout', '2s', false)`;

/** Longest a statement of the relay may run, in milliseconds. */
export const STATEMENT_TIMEOUT_MS = 10_000;

export const prepareSession = async (q: Queryable): Promise<void> => {
  await q.query(SESSION_SQL, [`${STATEMENT_TIMEOUT_MS}ms`]);
};

/**
 * The lowest rows of each shard, in `seq` order over all of them, bounded by count and bytes: a prefix of each shard. No lock, no
 * transaction, no filter: a row that waits for its retry time has to be seen, else its successors overtake it (trap C2), and so has a
 * row of a blocked key (C3).
 */
const CLAIM_SQL = `select t.seq::text as seq, t.shard, t.attempts, t.bytes, t.event_id, t.topic, t.key, t.headers::text as headers, t.value, t.value_bin,
       extract(epoch from clock_timestamp() - t.created_at) * 1000 as age_ms, greatest(0, extract(epoch from t.not_before - now()) * 1000) as wait_ms
  from (select o.*, sum(o.bytes) over w as run, row_number() over w as n
          from unnest($1::int2[], $2::int4[]) as s (shard, take)
         cross join lateral (select * from busbar.outbox o where o.shard = s.shard order by o.seq limit s.take) o
        window w as (order by o.seq)) t
 where t.run <= $3::int8 or t.n = 1 order by t.seq limit $4::int4`;

const headersOf = (text: string): Readonly<Record<string, string>> => {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null)
    throw new OutboxPortViolationError({ what: 'headers that are no object' });
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) headers[name] = String(value);
  return headers;
};

const rowOf = (row: unknown, laneOf: Publisher['laneOf']): ClaimedRow => {
  const record: OutboxRecord = {
    id: textIn(row, 'event_id'),
    topic: textIn(row, 'topic'),
    key: textOrNullIn(row, 'key'),
    headers: headersOf(textIn(row, 'headers')),
    value: textOrNullIn(row, 'value') ?? bytesOrNullIn(row, 'value_bin'),
  };
  return {
    seq: bigintIn(row, 'seq'),
    shard: numberIn(row, 'shard'),
    attempts: numberIn(row, 'attempts'),
    bytes: numberIn(row, 'bytes'),
    waitMs: numberIn(row, 'wait_ms'),
    ageMs: Math.max(0, numberIn(row, 'age_ms')),
    lane: laneOf?.(record),
    record,
  };
};

export const claim = async (
  q: Queryable,
  statement: Extract<WorkStatement, { kind: 'claim' }>,
  o: { readonly schema: string; readonly publisher: Publisher },
): Promise<readonly ClaimedRow[]> => {
  const shards = [...statement.takes.keys()];
  const takes = [...statement.takes.values()];
  const { rows } = await q.query(inSchema(CLAIM_SQL, o.schema), [shards, takes, statement.maxBytes, statement.limit]);
  const { publisher } = o;
  return rows.map((row) => rowOf(row, publisher.laneOf?.bind(publisher)));
};
