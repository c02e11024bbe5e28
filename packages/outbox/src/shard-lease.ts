import type { Queryable } from './ports.ts';
import { numberIn, textIn } from './row-reader.ts';
import { inSchema } from './schema-name.ts';
import type { Granted } from './shard-balance.ts';

/**
 * Leases in a table, by the database clock. Each row is re-checked (`owner = $1`) or locked in the CTE: a statement that renews "mine"
 * from a CTE without that gives two relays a valid lease, since it waits for the other's takeover and then overwrites it (trap L1).
 */
const HEARTBEAT_SQL = `insert into busbar.outbox_relay (owner, version, capable) values ($1::text, $2::text, $4::bool)
  on conflict (owner) do update set seen_at = now(), version = excluded.version, capable = excluded.capable
returning ($4::bool)::int + (select count(*)::int from busbar.outbox_relay r where r.owner <> $1::text and r.capable
                      and r.seen_at between now() - $3::int4 * interval '1 ms' and now() + interval '1 s') as live,
          1 + (select count(*)::int from busbar.outbox_relay r where r.owner <> $1::text
                  and r.seen_at between now() - $3::int4 * interval '1 ms' and now() + interval '1 s') as present`;

const RENEW_SQL = `update busbar.outbox_shard set lease_until = now() + $2::int4 * interval '1 ms',
       unclean = case when shard = any($3::int2[]) then 0 else unclean end where owner = $1::text returning shard, epoch::text as epoch`;

const ACQUIRE_SQL = `with free as (select shard, owner is not null and owner <> $1::text as crashed from busbar.outbox_shard
               where owner is null or lease_until <= now() or lease_until > now() + greatest(2 * $2::int4, 60000) * interval '1 ms'
               order by random() limit $3::int4 for update skip locked)
update busbar.outbox_shard s set owner = $1::text, epoch = s.epoch + 1, lease_until = now() + $2::int4 * interval '1 ms',
       unclean = case when f.crashed then least(s.unclean + 1, 100) else s.unclean end
  from free f where s.shard = f.shard returning s.shard, s.epoch::text as epoch, s.unclean`;

const RELEASE_SQL = `update busbar.outbox_shard set owner = null, lease_until = '-infinity', unclean = 0 where owner = $1::text and shard = any($2::int2[])`;

const RESIGN_SQL = `delete from busbar.outbox_relay where owner = $1::text`;

export interface LeaseHolder {
  readonly schema: string;
  /** New at each start: a restart is another owner, so that takeovers from a crash are counted. */
  readonly owner: string;
  readonly version: string;
  readonly leaseMs: number;
}

/** Tells that this relay lives, and whether it can send; answers the live ones that can, and all live ones, this one included. */
export const heartbeat = async (
  q: Queryable,
  o: LeaseHolder,
  capable: boolean,
): Promise<{ readonly live: number; readonly present: number }> => {
  const { rows } = await q.query(inSchema(HEARTBEAT_SQL, o.schema), [o.owner, o.version, o.leaseMs, capable]);
  return { live: numberIn(rows[0], 'live'), present: numberIn(rows[0], 'present') };
};

export const renew = async (
  q: Queryable,
  o: LeaseHolder,
  proven: readonly number[],
): Promise<readonly { readonly shard: number; readonly epoch: string }[]> => {
  const { rows } = await q.query(inSchema(RENEW_SQL, o.schema), [o.owner, o.leaseMs, proven]);
  return rows.map((row) => ({ shard: numberIn(row, 'shard'), epoch: textIn(row, 'epoch') }));
};

export const acquire = async (q: Queryable, o: LeaseHolder, max: number): Promise<readonly Granted[]> => {
  const { rows } = await q.query(inSchema(ACQUIRE_SQL, o.schema), [o.owner, o.leaseMs, max]);
  return rows.map((row) => ({
    shard: numberIn(row, 'shard'),
    epoch: textIn(row, 'epoch'),
    unclean: numberIn(row, 'unclean'),
  }));
};

export const release = async (q: Queryable, o: LeaseHolder, shards: readonly number[]): Promise<void> => {
  await q.query(inSchema(RELEASE_SQL, o.schema), [o.owner, shards]);
};

/** Ends the heartbeat: the others take over what is free at once. */
export const resign = async (q: Queryable, o: LeaseHolder): Promise<void> => {
  await q.query(inSchema(RESIGN_SQL, o.schema), [o.owner]);
};
