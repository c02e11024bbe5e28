/** Statements of migration 1; `busbar` stands for the schema and is replaced by its name. */
export const OUTBOX_TABLES: readonly string[] = [
  `create schema if not exists busbar`,
  // seq is insertion order and relay order: cache 1, since a larger one breaks it. xid says whose row it is.
  `create table busbar.outbox (
  seq        bigint generated always as identity (cache 1) primary key,
  shard      smallint not null check (shard between 0 and 63),
  attempts   smallint not null default 0, last_error text,
  bytes      integer not null check (bytes >= 0),
  created_at timestamptz not null default clock_timestamp(),
  not_before timestamptz, replay_of bigint,
  xid        xid8 not null default pg_current_xact_id(),
  event_id   text not null, topic text not null, key text,
  headers    json not null, value text, value_bin bytea,
  check (num_nonnulls(value, value_bin) <= 1)
) with (fillfactor = 100, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_cost_delay = 0, toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000)`,
  `alter table busbar.outbox alter column value set storage external, alter column value_bin set storage external`,
  `create index outbox_shard_seq on busbar.outbox (shard, seq)`,
  `create table busbar.outbox_shard (shard smallint primary key, owner text, epoch bigint not null default 0, lease_until timestamptz not null default '-infinity',
  unclean smallint not null default 0) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)`,
  `insert into busbar.outbox_shard (shard) select g from generate_series(0, 63) g`,
  `create table busbar.outbox_relay (owner text primary key, version text not null, capable boolean not null default true, started_at timestamptz not null default now(), seen_at timestamptz not null default now())`,
  `create table busbar.outbox_dead (
  dead_id bigint generated always as identity primary key, seq bigint not null, shard smallint not null, attempts smallint not null, bytes integer not null,
  created_at timestamptz not null, died_at timestamptz not null default clock_timestamp(), replay_of bigint, event_id text not null, topic text not null, key text,
  headers json not null, value text, value_bin bytea, reason text not null, error_code text, last_error text, mirrored_at timestamptz,
  resolution text check (resolution in ('replayed', 'delivered', 'discarded')), resolved_at timestamptz, resolved_by text, note text)`,
  `create index on busbar.outbox_dead (died_at)`,
  `create index on busbar.outbox_dead (event_id)`,
  `create index on busbar.outbox_dead (topic, died_at) where resolution is null`,
  `create table busbar.inbox (consumer text, source text, event_id text, processed_at timestamptz not null default clock_timestamp(), primary key (consumer, source, event_id))`,
  `create index on busbar.inbox using brin (processed_at)`,
  // identity = source and id, else a hash of the record.
  `create table busbar.inbox_dead (dead_id bigint generated always as identity primary key, consumer text not null, identity text not null,
  state text not null default 'parked' check (state in ('parked', 'held', 'replay', 'done', 'discarded')), topic text not null, partition int not null, "offset" bigint not null, key text,
  headers json not null, value bytea, attempts smallint not null, error_code text, last_error text, at timestamptz not null default clock_timestamp(), resolved_at timestamptz,
  resolved_by text, note text, unique (consumer, identity))`,
  `create table busbar.migration (version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default clock_timestamp())`,
];
