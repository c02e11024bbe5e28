import type { FailureClass } from './failure-class.ts';
import { type ClaimedRow, unitOf } from './record.ts';

/**
 * Pure: which rows of a claim may be sent, so that the first occurrences of a key reach the log in `seq` order.
 *
 * ```
 * key   free → in-flight → free | settling | blocked (untilMs) → free
 * row   (table) → sent → delivered → (deleted)
 *                      → settling → (table, attempts + 1) | (outbox_dead)
 *                      → (table)
 * ```
 * A *key* is (topic, key); a row without a key is a key of its own. A row is *held* from the moment it is handed to the publisher
 * until its DELETE is answered; what is not held is in the table only, and the next claim reads it again.
 *
 * Invariants
 * - **O1** A key is in flight in at most one call, and a call holds a contiguous run of the key in `seq` order.
 * - **O2** A row that may not be sent takes its key out of the rest of the claim: nothing overtakes it. It does not matter why it may
 *   not be sent (in flight, blocked, waiting for its retry time, no room, its shard not ours).
 * - **O3** A held row is never sent again, except after its call said that it failed.
 * - **O4** A row that is delivered and waits for its DELETE is in the log already: its successors need not wait for it.
 *
 * Blocks are back-off, not order: every claim starts at the lowest row of each shard and is one snapshot, so a key that fails is
 * read again from its lowest row whenever its block ends (`relay-state.ts`).
 */
export type RowPhase = 'sent' | 'delivered' | 'settling';

export interface HeldRow {
  readonly row: ClaimedRow;
  readonly unit: string;
  readonly phase: RowPhase;
  /** The call that sent it. */
  readonly call: number;
}

export type KeyState =
  | { readonly state: 'in-flight'; readonly failures: number }
  | { readonly state: 'settling'; readonly failures: number }
  | { readonly state: 'blocked'; readonly failures: number; readonly untilMs: number };

export interface TopicBlock {
  readonly untilMs: number;
  readonly failures: number;
}

/** Owned by one step at a time: `copyOrder` before a change. */
export interface KeyOrder {
  readonly held: Map<bigint, HeldRow>;
  /** Keys that are not free, and the failures of keys whose block has ended. */
  readonly keys: Map<string, KeyState>;
  readonly topics: Map<string, TopicBlock>;
}

/** Remembered keys at most; above it the block that ends first is forgotten, which costs an early retry and nothing else. */
const MAX_REMEMBERED_KEYS = 10_000;

export const emptyOrder = (): KeyOrder => ({ held: new Map(), keys: new Map(), topics: new Map() });

export const copyOrder = (order: KeyOrder): KeyOrder => ({
  held: new Map(order.held),
  keys: new Map(order.keys),
  topics: new Map(order.topics),
});

/** Holds the rows of a call and puts their keys in flight. */
export const markSent = (order: KeyOrder, rows: readonly ClaimedRow[], call: number): void => {
  for (const row of rows) {
    const unit = unitOf(row);
    order.held.set(row.seq, { row, unit, phase: 'sent', call });
    order.keys.set(unit, { state: 'in-flight', failures: order.keys.get(unit)?.failures ?? 0 });
  }
};

/** Whether this very event is held; another event under the same seq does not count. */
export const heldRow = (order: KeyOrder, row: ClaimedRow): HeldRow | undefined => {
  const held = order.held.get(row.seq);
  return held !== undefined && held.row.record.id === row.record.id ? held : undefined;
};

/** Holds a row in a phase; `call` 0 = no open call. A namesake that is held under the same seq stays. */
export const hold = (order: KeyOrder, row: ClaimedRow, as: { phase: RowPhase; call: number }): void => {
  const held = order.held.get(row.seq);
  if (held === undefined || held.row.record.id === row.record.id)
    order.held.set(row.seq, { row, unit: unitOf(row), ...as });
};

/** Forgets a row that has left the table, or is back in it for the next claim. */
export const letGo = (order: KeyOrder, row: ClaimedRow): void => {
  if (heldRow(order, row) !== undefined) order.held.delete(row.seq);
};

export const freeKey = (order: KeyOrder, unit: string): void => {
  order.keys.delete(unit);
};

/** Nothing of the key is sent until a statement about its head row is answered. */
export const settleKey = (order: KeyOrder, unit: string): void => {
  order.keys.set(unit, { state: 'settling', failures: order.keys.get(unit)?.failures ?? 0 });
};

export const blockKey = (order: KeyOrder, unit: string, block: { untilMs: number; failures: number }): void => {
  order.keys.set(unit, { state: 'blocked', ...block });
};

/** Failures of a key or topic in a row, this one included. */
export const failuresAfter = (order: KeyOrder, at: { unit: string; topic: string; class: FailureClass }): number =>
  at.class === 'topic' ? (order.topics.get(at.topic)?.failures ?? 0) + 1 : (order.keys.get(at.unit)?.failures ?? 0) + 1;

/** Forgets blocks that ended longer than `keepMs` ago, and the earliest ones above `MAX_REMEMBERED_KEYS`. */
export const forgetOldBlocks = (order: KeyOrder, nowMs: number, keepMs: number): void => {
  const blocked: { unit: string; untilMs: number }[] = [];
  for (const [unit, state] of order.keys) {
    if (state.state !== 'blocked') continue;
    if (state.untilMs + keepMs <= nowMs) order.keys.delete(unit);
    else blocked.push({ unit, untilMs: state.untilMs });
  }
  for (const [topic, block] of order.topics) if (block.untilMs + keepMs <= nowMs) order.topics.delete(topic);
  if (blocked.length <= MAX_REMEMBERED_KEYS) return;
  blocked.sort((a, b) => a.untilMs - b.untilMs);
  for (const { unit } of blocked.slice(0, blocked.length - MAX_REMEMBERED_KEYS)) order.keys.delete(unit);
};
