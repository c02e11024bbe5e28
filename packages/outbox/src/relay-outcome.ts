import { gateCallEnded, gateFault } from './broker-gate.ts';
import { type FailedOutcome, type FailureClass, failureClassOf } from './failure-class.ts';
import { blockKey, failuresAfter, freeKey, heldRow, hold, letGo, settleKey } from './key-order.ts';
import type { PublishOutcome } from './ports.ts';
import { type ClaimedRow, unitOf } from './record.ts';
import type { OpenCall, RelayEvent } from './relay-protocol.ts';
import type { RelayStep } from './relay-step.ts';
import { afterFreed } from './wake-up.ts';

/**
 * Pure: what the outcomes of a call mean.
 *
 * An acknowledgement counts at once, each for itself. The fate of a *key* is decided when all its rows of the call have an outcome: by
 * the first row that failed (R6). Its successors were not sent for that reason, or failed for the same one; they say nothing about
 * themselves. They are let go and read again by a later claim.
 */
const NO_OUTCOME: FailedOutcome = {
  ok: false,
  scope: 'broker',
  outcome: 'unknown',
  code: 'BUSBAR_OUTBOX_PORT_VIOLATION',
  error: undefined,
};

/** A publisher that gives no outcome by the send timeout and this much more has broken P3: reported, and its keys stay blocked. */
export const OVERDUE_GRACE_MS = 5_000;

const inStatement = (step: RelayStep, row: ClaimedRow): boolean => {
  if (step.work?.kind === 'charge') return step.work.faults.some((fault) => fault.row === row);
  return step.work?.kind === 'park' && step.work.parks.some((park) => park.row === row);
};

/** The broker has the record: its DELETE is due, whatever else was thought of the row. */
const deliver = (step: RelayStep, row: ClaimedRow, call: number): void => {
  const held = heldRow(step.order, row);
  if (held?.phase === 'delivered') return;
  if (held?.phase === 'settling') {
    step.charges = step.charges.filter((fault) => fault.row !== held.row);
    step.parks = step.parks.filter((park) => park.row !== held.row);
    if (!inStatement(step, held.row)) freeKey(step.order, held.unit);
  }
  hold(step.order, row, { phase: 'delivered', call: held?.call ?? call });
  if (step.acks.length === 0) step.acksSinceMs = step.nowMs;
  step.acks.push(row);
};

const backoffMs = (
  step: RelayStep,
  failure: { class: FailureClass; failures: number; outcome: FailedOutcome },
): number => {
  const { baseMs, maxMs } = failure.class === 'topic' ? step.rules.topicBackoff : step.rules.keyBackoff;
  const doubled = Math.min(maxMs, baseMs * 2 ** Math.min(failure.failures - 1, 30));
  return Math.max(doubled, failure.outcome.retryAfterMs ?? 0);
};

/** A fault of the event itself: counted in the row; parked at once if its successors went out all the same (P2 broken). */
const eventFault = (step: RelayStep, row: ClaimedRow, failed: { outcome: FailedOutcome; overtaken: boolean }): void => {
  const unit = unitOf(row);
  if (!step.leases.shards.has(row.shard)) return freeKey(step.order, unit);
  hold(step.order, row, { phase: 'settling', call: 0 });
  settleKey(step.order, unit);
  if (failed.overtaken) step.parks.push({ row, reason: 'port', outcome: failed.outcome });
  else step.charges.push({ row, outcome: failed.outcome });
};

const topicFault = (step: RelayStep, row: ClaimedRow, outcome: FailedOutcome): void => {
  const { topic } = row.record;
  const failures = failuresAfter(step.order, { unit: unitOf(row), topic, class: 'topic' });
  const retryInMs = backoffMs(step, { class: 'topic', failures, outcome });
  freeKey(step.order, unitOf(row));
  const known = step.order.topics.get(topic);
  if (known !== undefined && known.untilMs > step.nowMs) return;
  step.order.topics.set(topic, { untilMs: step.nowMs + retryInMs, failures });
  step.emit({ event: 'topic-blocked', topic, code: outcome.code, retryInMs });
};

const laneFault = (step: RelayStep, row: ClaimedRow, outcome: FailedOutcome): void => {
  const unit = unitOf(row);
  const failures = failuresAfter(step.order, { unit, topic: row.record.topic, class: 'lane' });
  blockKey(step.order, unit, { failures, untilMs: step.nowMs + backoffMs(step, { class: 'lane', failures, outcome }) });
};

const brokerFault = (step: RelayStep, failed: { outcome: FailedOutcome; call: number }): void => {
  const before = step.gate;
  const { outcome, call } = failed;
  step.gate = gateFault(before, { nowMs: step.nowMs, retryAfterMs: outcome.retryAfterMs ?? 0, call }, step.rules);
  if (before.state === 'waiting' || step.gate.state !== 'waiting') return;
  const sinceMs = step.nowMs - before.sinceMs;
  step.emit({ event: 'broker', from: before.state, to: 'waiting', reason: outcome.code, sinceMs });
  if (step.rules.hasGuard) step.commands.push({ kind: 'wait-ready' });
};

const keyFailed = (
  step: RelayStep,
  call: OpenCall,
  failed: { row: ClaimedRow; outcome: FailedOutcome; overtaken: boolean },
): void => {
  const { row, outcome } = failed;
  const found = failureClassOf(outcome);
  step.emit({ event: 'fault', class: found, row, outcome });
  if (failed.overtaken)
    step.emit({
      event: 'port-violation',
      what: 'a record was acknowledged after an earlier one of its key had failed',
      row,
    });
  if (found === 'event') eventFault(step, row, failed);
  else if (found === 'topic') topicFault(step, row, outcome);
  else if (found === 'lane') laneFault(step, row, outcome);
  else {
    freeKey(step.order, unitOf(row));
    brokerFault(step, { outcome, call: call.id });
  }
};

/** Decides the fate of one key of a call whose outcomes are all known. */
const resolveKey = (step: RelayStep, call: OpenCall, indexes: readonly number[]): void => {
  const rows = indexes.flatMap((index) => {
    const row = call.rows[index];
    const outcome = call.outcomes[index];
    return row === undefined || outcome === undefined ? [] : [{ row, outcome }];
  });
  const delivered = rows.map(({ row, outcome }) => outcome.ok || heldRow(step.order, row)?.phase === 'delivered');
  const first = delivered.indexOf(false);
  for (const [at, { row }] of rows.entries()) if (delivered[at] === false) letGo(step.order, row);
  const failed = rows[first];
  if (failed !== undefined && !failed.outcome.ok)
    return keyFailed(step, call, {
      row: failed.row,
      outcome: failed.outcome,
      overtaken: delivered.includes(true, first),
    });
  const last = rows.at(-1);
  if (last === undefined) return;
  freeKey(step.order, unitOf(last.row));
  step.order.topics.delete(last.row.record.topic);
};

const withOutcomes = (step: RelayStep, call: OpenCall, event: Extract<RelayEvent, { kind: 'settled' }>): OpenCall => {
  const outcomes = [...call.outcomes];
  let undeleted = call.undeleted;
  for (const { index, outcome } of event.outcomes) {
    const row = call.rows[index];
    if (row === undefined || outcomes[index]?.ok === true || (outcomes[index] !== undefined && !outcome.ok)) continue;
    outcomes[index] = outcome;
    if (!outcome.ok) continue;
    if (heldRow(step.order, row)?.phase !== 'delivered') undeleted += 1;
    deliver(step, row, call.id);
  }
  return { ...call, outcomes, undeleted };
};

/** At the end of a call every record has an outcome: one that the publisher left out is unknown. */
const completed = (step: RelayStep, call: OpenCall): OpenCall => {
  const missing = call.outcomes.findIndex((outcome) => outcome === undefined);
  const row = call.rows[missing];
  if (row === undefined) return call;
  step.emit({ event: 'port-violation', what: 'a record has no outcome at the end of its call', row });
  return { ...call, outcomes: call.outcomes.map((outcome) => outcome ?? NO_OUTCOME) };
};

const resolveKeys = (step: RelayStep, call: OpenCall): OpenCall => {
  const open = new Map(call.open);
  for (const [unit, indexes] of call.open) {
    if (indexes.some((index) => call.outcomes[index] === undefined)) continue;
    open.delete(unit);
    resolveKey(step, call, indexes);
  }
  return { ...call, open };
};

const answered = (outcome: PublishOutcome | undefined): boolean =>
  outcome?.ok === true ||
  (outcome !== undefined &&
    (outcome.scope === 'record' || outcome.scope === 'topic') &&
    outcome.outcome === 'rejected');

const endCall = (step: RelayStep, call: OpenCall): OpenCall => {
  const before = step.gate;
  const end = { nowMs: step.nowMs, call: call.id, answered: call.outcomes.some(answered) };
  step.gate = gateCallEnded(before, end, step.rules);
  if (step.gate.state !== before.state)
    step.emit({
      event: 'broker',
      from: before.state,
      to: step.gate.state,
      reason: 'probe',
      sinceMs: step.nowMs - before.sinceMs,
    });
  return { ...call, endedAtMs: step.nowMs };
};

export const onSettled = (step: RelayStep, event: Extract<RelayEvent, { kind: 'settled' }>): void => {
  const known = step.calls.get(event.call);
  if (known === undefined || known.endedAtMs !== undefined) return;
  let call = withOutcomes(step, known, event);
  if (event.ended) call = completed(step, call);
  call = resolveKeys(step, call);
  if (event.ended) call = endCall(step, call);
  step.calls.set(call.id, call);
  closeCall(step, call);
  if (step.waiting) step.cadence = afterFreed(step.cadence, step.nowMs);
};

/** Forgets a call that is over and of which nothing is left to be deleted. */
export const closeCall = (step: RelayStep, call: OpenCall): void => {
  if (call.endedAtMs === undefined || call.undeleted > 0) return;
  step.calls.delete(call.id);
  const { claim } = call;
  const published = call.outcomes.filter((outcome) => outcome?.ok === true).length;
  step.emit({
    event: 'cycle',
    durationMs: step.nowMs - claim.sentAtMs,
    claimed: claim.claimed,
    dropped: claim.dropped,
    published,
    failed: call.rows.length - published,
    trigger: claim.trigger,
    oldestAgeMs: Math.max(...call.rows.map((row) => row.ageMs)),
    claimMs: claim.answeredAtMs - claim.sentAtMs,
    sendMs: call.endedAtMs - call.sentAtMs,
    ackMs: step.nowMs - call.endedAtMs,
    shards: new Set(call.rows.map((row) => row.shard)).size,
  });
};

/** A late `ok` is believed: else a broker that answers after the timeout never is, and the same rows go round for ever. */
export const onLate = (step: RelayStep, event: Extract<RelayEvent, { kind: 'late' }>): void => {
  if (!event.outcome.ok) return;
  const held = heldRow(step.order, event.row);
  const call = held === undefined ? undefined : step.calls.get(held.call);
  if (held?.phase === 'sent' && call !== undefined) step.calls.set(call.id, { ...call, undeleted: call.undeleted + 1 });
  deliver(step, event.row, 0);
};

/** Reports calls that the publisher should have ended. */
export const reportOverdue = (step: RelayStep): void => {
  for (const call of step.calls.values()) {
    const dueMs = call.sentAtMs + step.rules.sendTimeoutMs + OVERDUE_GRACE_MS;
    const row = call.rows.find((_, index) => call.outcomes[index] === undefined);
    if (call.overdue || row === undefined || call.endedAtMs !== undefined || step.nowMs < dueMs) continue;
    step.calls.set(call.id, { ...call, overdue: true });
    step.emit({ event: 'port-violation', what: 'a call has no outcome long after its time limit', row });
    if (step.gate.state === 'probing' && step.gate.call === call.id)
      brokerFault(step, { outcome: NO_OUTCOME, call: call.id });
  }
};
