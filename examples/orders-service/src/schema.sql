-- The business tables of the orders service. The tables of the outbox are Busbar's own (schema busbar).
create table if not exists customers (
  id text primary key,
  order_count integer not null default 0
);

create table if not exists orders (
  id text primary key,
  customer_id text not null references customers (id),
  customer_seq integer not null,
  total_cents integer not null check (total_cents >= 0),
  created_at timestamptz not null default now(),
  unique (customer_id, customer_seq)
);
