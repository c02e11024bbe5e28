/** The tables and statements of the cases, and what their answers have to be. */
import { mustBe } from '../looped-arm.ts';

/** Of every pool. */
export const CONNECTIONS = 10;

const ORDERS = 1_000;

/** Read only, so they are made once. */
export const READ_TABLES = `
  create table if not exists customers (id int primary key, name text not null);
  create table if not exists orders (id int primary key, customer_id int not null, amount numeric(10, 2) not null,
    state text not null, placed_at timestamptz not null);
  create table if not exists products (id int primary key, name text not null);
  create table if not exists lines (order_id int, position int, product_id int not null, primary key (order_id, position));
  insert into customers select n, 'customer ' || n from generate_series(0, 99) n on conflict do nothing;
  insert into products select n, 'product ' || n from generate_series(0, 99) n on conflict do nothing;
  insert into orders select n, n % 100, n, 'placed', '2026-01-01Z' from generate_series(0, ${ORDERS - 1}) n on conflict do nothing;
  insert into lines select n, p, (n + p) % 100 from generate_series(0, ${ORDERS - 1}) n, generate_series(1, 3) p
    on conflict do nothing`;

/** Comes round, so that not one row alone is asked for. */
export const orderIdAt = (index: number): number => index % ORDERS;

export const ORDER_BY_KEY = 'select id, customer_id, amount, state, placed_at from orders where id = $1';

/** What an order with its lines costs to plan. */
export const ORDER_WITH_LINES = `select o.id, o.amount, c.name as customer, l.position, p.name as product
  from orders o join customers c on c.id = o.customer_id join lines l on l.order_id = o.id join products p on p.id = l.product_id
  where o.id = $1 order by l.position`;
export const LINES = 3;

/** Empty at the start of a visit. */
export const WRITE_TABLES = `
  create table if not exists placed (id bigint generated always as identity primary key, customer_id int not null, amount int not null);
  create table if not exists events (id bigint generated always as identity primary key, topic text not null, payload jsonb not null);
  truncate placed, events`;

export const PLACE = 'insert into placed (customer_id, amount) values ($1, $2)';
export const ANNOUNCE = 'insert into events (topic, payload) values ($1, $2)';
const TOPIC = 'orders';

export const placeValues = (index: number): [customerId: number, amount: number] => [orderIdAt(index), index];
export const announceValues = (index: number): [topic: string, payload: string] => [TOPIC, `{"order":${index}}`];

interface Rows {
  readonly rows: readonly unknown[];
}

/** Throws unless there are so many rows and the first of them is of the order that was asked for. */
export const mustBeOrder = ({ rows }: Rows, id: number, count = 1): void => {
  mustBe('rows', rows.length, count);
  const [row] = rows;
  mustBe('the order', typeof row === 'object' && row !== null && 'id' in row ? Number(row.id) : Number.NaN, id);
};
