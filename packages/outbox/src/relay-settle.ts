import { blockKey, failuresAfter, freeKey, heldRow, hold, letGo, settleKey } from './key-order.ts';
import { type ClaimedRow, unitOf } from './record.ts';
import { closeCall } from './relay-outcome.ts';
import type { Fault, Park, RelayEvent } from './relay-protocol.ts';
import type { RelayStep } from './relay-step.ts';
import { proven } from './shard-balance.ts';
import { afterFreed } from './wake-up.ts';

/**
 * Pure: ACK, CHARGE and PARK, and their answers.
 *
 * A row leaves the memory only after the answer to its statement: a database fault is never answered by sending again (R7). The arrays
 * of a statement are sorted by `seq`, which is the order in which it takes row locks.
 */
const ACK_GROUP = 500;
const ACK_WAIT_MS = 20;

const bySeq = (a: ClaimedRow, b: ClaimedRow): number => (a.seq < b.seq ? -1 : 1);

/** Delivered rows are deleted in groups; at once when no other outcome is on its way. */
const acksDue = (step: RelayStep): boolean => {
  if (step.acks.length === 0) return false;
  if (step.acks.length >= ACK_GROUP || step.nowMs - step.acksSinceMs >= ACK_WAIT_MS) return true;
  return [...step.calls.values()].every((call) => call.endedAtMs !== undefined);
};

/** When a settling statement is due if nothing else happens. */
export const settleDueMs = (step: RelayStep): number => {
  if (step.parks.length + step.charges.length > 0) return step.nowMs;
  return step.acks.length > 0 ? step.acksSinceMs + ACK_WAIT_MS : Number.POSITIVE_INFINITY;
};

/** The statement that goes before any claim, if one is due. */
export const planSettle = (step: RelayStep): boolean => {
  const id = step.nextId + 1;
  if (step.parks.length > 0) {
    step.work = { kind: 'park', id, parks: step.parks.toSorted((a, b) => bySeq(a.row, b.row)) };
    step.parks = [];
  } else if (step.charges.length > 0) {
    step.work = { kind: 'charge', id, faults: step.charges.toSorted((a, b) => bySeq(a.row, b.row)) };
    step.charges = [];
  } else if (acksDue(step)) {
    step.work = { kind: 'ack', id, rows: step.acks.toSorted(bySeq) };
    step.acks = [];
  } else return false;
  step.nextId = id;
  step.commands.push(step.work);
  return true;
};

const answeredWell = (step: RelayStep): void => {
  step.work = undefined;
  step.database = { failures: 0, retryAtMs: 0 };
  if (step.waiting) step.cadence = afterFreed(step.cadence, step.nowMs);
};

export const onAcked = (step: RelayStep, event: Extract<RelayEvent, { kind: 'acked' }>): void => {
  const work = step.work;
  if (work?.kind !== 'ack' || work.id !== event.id) return;
  answeredWell(step);
  const deleted: { row: ClaimedRow; deliveryMs: number }[] = [];
  for (const row of work.rows) {
    const held = heldRow(step.order, row);
    letGo(step.order, row);
    const call = held === undefined ? undefined : step.calls.get(held.call);
    deleted.push({ row, deliveryMs: row.ageMs + (call === undefined ? 0 : step.nowMs - call.claim.answeredAtMs) });
    if (call === undefined) continue;
    const next = { ...call, undeleted: call.undeleted - 1 };
    step.calls.set(call.id, next);
    closeCall(step, next);
  }
  step.leases = proven(step.leases, new Set(work.rows.map((row) => row.shard)));
  step.emit({ event: 'deleted', rows: deleted });
};

const chargeAnswered = (
  step: RelayStep,
  fault: Fault,
  answer: { attempts: number; delayMs: number; poison: 'park' | 'halt-key' } | undefined,
): void => {
  const { row, outcome } = fault;
  const unit = unitOf(row);
  // A late acknowledgement came while the statement ran: the row is delivered after all, or not there any more.
  if (heldRow(step.order, row)?.phase === 'delivered') return freeKey(step.order, unit);
  letGo(step.order, row);
  if (answer === undefined) return freeKey(step.order, unit);
  if (answer.attempts < step.rules.maxAttempts) {
    const failures = failuresAfter(step.order, { unit, topic: row.record.topic, class: 'event' });
    blockKey(step.order, unit, { failures, untilMs: step.nowMs + answer.delayMs });
    return step.emit({ event: 'retry', row, attempts: answer.attempts });
  }
  if (answer.poison === 'halt-key') {
    freeKey(step.order, unit);
    return step.emit({ event: 'halted', row, code: outcome.code });
  }
  const charged = { ...row, attempts: answer.attempts };
  hold(step.order, charged, { phase: 'settling', call: 0 });
  settleKey(step.order, unit);
  step.parks.push({ row: charged, reason: 'event', outcome });
};

export const onCharged = (step: RelayStep, event: Extract<RelayEvent, { kind: 'charged' }>): void => {
  const work = step.work;
  if (work?.kind !== 'charge' || work.id !== event.id) return;
  answeredWell(step);
  const answers = new Map(event.rows.map((row) => [row.seq, row]));
  for (const fault of work.faults) {
    const answer = answers.get(fault.row.seq);
    chargeAnswered(step, fault, answer === undefined ? undefined : { ...answer, poison: event.poison });
  }
};

export const onParked = (step: RelayStep, event: Extract<RelayEvent, { kind: 'parked' }>): void => {
  const work = step.work;
  if (work?.kind !== 'park' || work.id !== event.id) return;
  answeredWell(step);
  for (const park of work.parks) {
    freeKey(step.order, unitOf(park.row));
    if (heldRow(step.order, park.row)?.phase === 'settling') letGo(step.order, park.row);
    step.emit({ event: 'parked', park });
  }
};

/** Puts the work of a failed statement back; its outcome is unknown, and each of them may be repeated. */
export const restoreWork = (step: RelayStep): void => {
  const work = step.work;
  step.work = undefined;
  if (work?.kind === 'ack') step.acks = [...work.rows, ...step.acks];
  if (work?.kind === 'charge')
    step.charges = [...work.faults.filter(({ row }) => isSettling(step, row)), ...step.charges];
  if (work?.kind === 'park') step.parks = [...work.parks.filter(({ row }) => isSettling(step, row)), ...step.parks];
};

const isSettling = (step: RelayStep, row: ClaimedRow): boolean => {
  if (heldRow(step.order, row)?.phase === 'settling') return true;
  freeKey(step.order, unitOf(row));
  return false;
};

/** The row of a shard that is not ours any more is another relay's to judge. */
const isOurs = (step: RelayStep, { row }: Fault | Park): boolean => {
  if (step.leases.shards.has(row.shard)) return true;
  letGo(step.order, row);
  freeKey(step.order, unitOf(row));
  return false;
};

/** After shards were lost: no charge and no park for them is begun. */
export const dropForeign = (step: RelayStep): void => {
  step.charges = step.charges.filter((fault) => isOurs(step, fault));
  step.parks = step.parks.filter((park) => isOurs(step, park));
};
