import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** One record of the topic, as a consumer sees it. */
export interface LoggedOrder {
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly customerSeq: number;
  /** Hash over key, headers and value: equal for equal bytes. */
  readonly fingerprint: string;
}

export interface Evidence {
  /** Ids of the orders in the table of the service. */
  readonly committed: readonly string[];
  /** Ids of the orders that rolled back after they had published. */
  readonly rolledBack: readonly string[];
  /** Ids of the orders whose events still wait in the outbox. */
  readonly inOutbox: readonly string[];
  readonly deadLetters: number;
  /** All records, ordered by partition and offset. */
  readonly log: readonly LoggedOrder[];
}

/** What the verifier prints. */
export const Verdict = Type.Object({
  ok: Type.Boolean(),
  committed: Type.Integer(),
  delivered: Type.Integer(),
  inOutbox: Type.Integer(),
  deadLetters: Type.Integer(),
  customers: Type.Integer(),
  /** Records beyond the first of their event. */
  duplicates: Type.Integer(),
  /** What is wrong, one sentence each; empty exactly when `ok`. */
  problems: Type.Array(Type.String()),
});
export type Verdict = Static<typeof Verdict>;

const verdictShape = Compile(Verdict);

export const isVerdict = (value: unknown): value is Verdict => verdictShape.Check(value);

const EXAMPLES = 5;

const problem = (what: string, ids: readonly string[]): string[] =>
  ids.length === 0
    ? []
    : [`${ids.length} ${what}: ${ids.slice(0, EXAMPLES).join(', ')}${ids.length > EXAMPLES ? ', …' : ''}`];

/** Per customer the numbers of first occurrences must run 1, 2, 3, … in log order. Gives the customers for which they do not. */
const outOfOrder = (firsts: readonly LoggedOrder[]): readonly string[] => {
  const next = new Map<string, number>();
  const wrong = new Map<string, string>();
  for (const { customerId, customerSeq, partition, offset } of firsts) {
    const expected = next.get(customerId) ?? 1;
    if (customerSeq !== expected && !wrong.has(customerId))
      wrong.set(customerId, `${customerId} (${customerSeq} where ${expected} was due, at ${partition}:${offset})`);
    next.set(customerId, customerSeq + 1);
  }
  return [...wrong.values()];
};

/**
 * Compares what was committed with what is in the log.
 *
 * Nothing lost: each committed order is in the log, or, when `brokerStayedDead`, still in the outbox. Nothing invented: no other order is
 * in the log, above all none that rolled back. Order per key: see `outOfOrder`. A duplicate is legal after a fault, with identical bytes.
 */
export const judge = (evidence: Evidence, o: { brokerStayedDead: boolean }): Verdict => {
  const firsts = new Map<string, LoggedOrder>();
  const changed: string[] = [];
  for (const record of evidence.log) {
    const first = firsts.get(record.orderId);
    if (first === undefined) firsts.set(record.orderId, record);
    else if (first.fingerprint !== record.fingerprint) changed.push(record.orderId);
  }
  const committed = new Set(evidence.committed);
  const rolledBack = new Set(evidence.rolledBack);
  const waiting = new Set(evidence.inOutbox);
  const isSafe = (id: string): boolean => firsts.has(id) || (o.brokerStayedDead && waiting.has(id));
  const problems = [
    ...problem(
      'committed orders are lost',
      evidence.committed.filter((id) => !isSafe(id)),
    ),
    ...problem(
      'rolled-back orders are in the log',
      [...firsts.keys()].filter((id) => rolledBack.has(id)),
    ),
    ...problem(
      'orders in the log were never committed',
      [...firsts.keys()].filter((id) => !committed.has(id) && !rolledBack.has(id)),
    ),
    ...problem(
      'orders wait in the outbox without being committed',
      evidence.inOutbox.filter((id) => !committed.has(id)),
    ),
    ...(o.brokerStayedDead ? [] : problem('orders are still in the outbox', evidence.inOutbox)),
    ...problem('customers see their orders out of order', outOfOrder([...firsts.values()])),
    ...problem('duplicates differ from their first record', changed),
    ...(evidence.deadLetters === 0 ? [] : [`${evidence.deadLetters} dead letters`]),
  ];
  return {
    ok: problems.length === 0,
    committed: committed.size,
    delivered: [...firsts.keys()].filter((id) => committed.has(id)).length,
    inOutbox: waiting.size,
    deadLetters: evidence.deadLetters,
    customers: new Set(evidence.log.map(({ customerId }) => customerId)).size,
    duplicates: evidence.log.length - firsts.size,
    problems,
  };
};
