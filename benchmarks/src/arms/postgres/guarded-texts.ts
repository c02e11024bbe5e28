/** Texts for the guards, by their length in characters, and the score that both guards give them with the weights of the baseline. */
import { REGEX_WEIGHTS } from '../../baselines/regex-guard.ts';

export interface GuardedText {
  readonly text: string;
  readonly score: number;
}

const { join, subselect, union, leadingWildcard, order } = REGEX_WEIGHTS;

const BY_KEY =
  'select id, customer_id, amount, state, placed_at, updated_at, note from orders where customer_id = $1 and state = $2 limit 50 offset 10';

const JOINED = `select o.id, o.amount, o.state, c.name as customer, l.position, p.name as product, p.price from orders o join customers c
  on c.id = o.customer_id join lines l on l.order_id = o.id join products p on p.id = l.product_id
  where o.placed_at > $1 and o.state = $2 and c.name ilike '%smith%' order by o.placed_at desc limit 100`;

const UNITED = `select o.id, o.amount, c.name from orders o join customers c on c.id = o.customer_id where o.state = $1 and o.amount > (select
  avg(amount) from orders where customer_id = o.customer_id) union all select a.id, a.amount, c.name from archived_orders a join customers c
  on c.id = a.customer_id where a.state = $1 and a.amount > (select avg(amount) from archived_orders where customer_id = a.customer_id)
  and a.placed_at between $2 and $3 order by amount desc, id`;

const VALUES_ROWS = 1_200;
const VALUES = `insert into lines (order_id, position, product) values ${Array.from({ length: VALUES_ROWS }, (_, row) => `(${10_000 + row}, ${row % 10}, 'p${row % 10}')`).join(', ')}`;

/** The texts that an application sends again and again. */
export const SHORT_TEXTS: readonly GuardedText[] = [
  { text: 'select 1', score: 0 },
  { text: BY_KEY, score: 0 },
  { text: JOINED, score: 3 * join + leadingWildcard },
  { text: UNITED, score: 2 * join + 2 * subselect + union + order },
];
export const LONG_TEXT: GuardedText = { text: VALUES, score: 0 };

/** Weights with which our guard scores as the baseline does. */
export const EQUAL_WEIGHTS = {
  join,
  subselect,
  union,
  leadingWildcard,
  regex: REGEX_WEIGHTS.regex,
  expensiveFunction: REGEX_WEIGHTS.expensiveFunction,
  unlimitedOrder: order,
  unfilteredWrite: 0,
};

/** A text of about so many characters, without lists that could be passed over. */
export const longCondition = (chars: number): string => {
  const parts = ['select id from orders where id = 0'];
  for (let length = 0, part = 0; length < chars; part += 1) {
    const condition = ` or (customer_id = ${part} and amount >= $1 and state <> 'state ${part}')`;
    parts.push(condition);
    length += condition.length;
  }
  return parts.join('').slice(0, chars);
};
