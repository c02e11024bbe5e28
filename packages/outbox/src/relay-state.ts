import { gateAt, guardReady, openGate, PROBE_RECORDS } from './broker-gate.ts';
import { emptyOrder } from './key-order.ts';
import { mayClaim, onRows, planClaim } from './relay-claim.ts';
import { onAcquired, onLeaseFailed, onReleased, leaseDueMs, onRenewed, planLease } from './relay-lease.ts';
import { onLate, onSettled, OVERDUE_GRACE_MS, reportOverdue } from './relay-outcome.ts';
import type { RelayCommand, RelayEvent, RelayRules, RelayState } from './relay-protocol.ts';
import { onAcked, onCharged, onParked, planSettle, restoreWork, settleDueMs } from './relay-settle.ts';
import { RelayStep } from './relay-step.ts';
import { giveUpAll, noLeases } from './shard-balance.ts';
import { afterWake, firstPoll } from './wake-up.ts';

/**
 * Pure: the relay. `nextRelay(state, event, nowMs)` gives the next state and what the shell (`relay.ts`) has to do; it keeps no clock,
 * no connection and no randomness of its own.
 *
 * ```
 * relay   running ⇄ broker-wait (`broker-gate.ts`)            running | broker-wait → draining → stopped
 * shard   free → owned → surplus → free,  owned → lost        `shard-balance.ts`
 * key     free → in-flight → free | settling | blocked → free `key-order.ts`
 * work    idle → claim | ack | charge | park → idle           one statement at a time on the work connection
 * ```
 *
 * **A pass is a single claim.** Every claim starts at the lowest row of each owned shard and is one statement, hence one snapshot: what
 * a transaction saw when it took its `seq` is in every snapshot that holds its row. So within a claim `seq` order is the causal order of
 * a key, and nothing lower can appear later without being read first by a later claim, from the start again. There is no cursor to run
 * ahead of a late commit. The price is that rows in flight and rows of blocked keys are read again; `relay-claim.ts` says how far a
 * claim reaches past them, and where that ends.
 *
 * Invariants (beside O1–O4, G1–G4, S1–S4 of the parts)
 * - **R1** One statement is open on the work connection. A claim is answered before an ACK is sent, and the other way round: a row that
 *   a claim has read is still held when the answer arrives, or was never sent.
 * - **R2** A claim's rows are sent or dropped in the step that receives them; nothing is kept to be sent later.
 * - **R3** Held rows ≤ the window, `maxInFlightBatches × batchRecords`, but for acknowledgements that come late.
 * - **R4** A failed statement is repeated; a failed ACK is never answered by sending again.
 * - **R5** Only a fault of the event itself is counted (CHARGE) or parked (PARK); an outage is neither, however long it lasts.
 * - **R6** After `drain`, no claim is made; `stopped` comes when nothing is held and no shard is owned.
 */
export const initialRelay = (nowMs: number, rules: RelayRules): RelayState => ({
  phase: 'running',
  paused: false,
  leases: noLeases(nowMs),
  order: emptyOrder(),
  gate: openGate(nowMs),
  calls: new Map(),
  cadence: firstPoll(nowMs, rules.poll),
  work: undefined,
  acks: [],
  acksSinceMs: nowMs,
  charges: [],
  parks: [],
  database: { failures: 0, retryAtMs: nowMs },
  illSinceMs: undefined,
  hidden: { rows: new Map(), bytes: 0 },
  waiting: false,
  nextId: 0,
});

const DB_BASE_MS = 100;
const DB_MAX_MS = 5_000;

/** Back-off of the work connection: 100 ms doubled up to 5 s, equal jitter. */
const onDatabaseFailed = (step: RelayStep, event: Extract<RelayEvent, { kind: 'db-failed' }>): void => {
  if (step.work?.id !== event.id) return;
  restoreWork(step);
  const failures = step.database.failures + 1;
  const backoffMs = Math.min(DB_MAX_MS, DB_BASE_MS * 2 ** Math.min(failures - 1, 10));
  step.database = { failures, retryAtMs: step.nowMs + backoffMs / 2 + (backoffMs / 2) * event.random };
};

const onDrain = (step: RelayStep): void => {
  if (step.phase !== 'running') return;
  step.phase = 'draining';
  step.leases = giveUpAll(step.leases);
};

/** What has no outcome yet is left to the end of its lease: its shard is not released. */
const onGiveUp = (step: RelayStep): void => {
  onDrain(step);
  const shards = new Map(step.leases.shards);
  for (const { row, phase } of step.order.held.values()) {
    if (phase !== 'sent') continue;
    shards.delete(row.shard);
    step.order.held.delete(row.seq);
  }
  step.leases = { ...step.leases, shards };
  step.calls.clear();
};

// oxlint-disable-next-line complexity -- a flat table over a closed union: one call for each event
const apply = (step: RelayStep, event: RelayEvent): void => {
  switch (event.kind) {
    case 'tick':
      return reportOverdue(step);
    case 'wake':
      return onWake(step);
    case 'paused':
      return onPaused(step, event);
    case 'drain':
      return onDrain(step);
    case 'give-up':
      return onGiveUp(step);
    case 'renewed':
      return onRenewed(step, event);
    case 'acquired':
      return onAcquired(step, event);
    case 'released':
      return onReleased(step, event);
    case 'lease-failed':
      return onLeaseFailed(step, event);
    case 'rows':
      return onRows(step, event);
    case 'acked':
      return onAcked(step, event);
    case 'charged':
      return onCharged(step, event);
    case 'parked':
      return onParked(step, event);
    case 'db-failed':
      return onDatabaseFailed(step, event);
    case 'settled':
      return onSettled(step, event);
    case 'late':
      return onLate(step, event);
    case 'guard-ready':
      return onGuardReady(step);
    default:
      event satisfies never;
  }
};

const onWake = (step: RelayStep): void => {
  step.cadence = afterWake(step.cadence, { nowMs: step.nowMs, claiming: step.work?.kind === 'claim' }, step.rules.poll);
};

const onPaused = (step: RelayStep, event: Extract<RelayEvent, { kind: 'paused' }>): void => {
  step.paused = event.paused;
};

const onGuardReady = (step: RelayStep): void => {
  step.gate = guardReady(step.gate);
};

const openGateWhenDue = (step: RelayStep): void => {
  const before = step.gate;
  step.gate = gateAt(before, step.nowMs);
  if (step.gate === before) return;
  step.emit({
    event: 'broker',
    from: before.state,
    to: step.gate.state,
    reason: 'retry',
    sinceMs: step.nowMs - before.sinceMs,
  });
};

const isIdle = (step: RelayStep): boolean =>
  step.order.held.size === 0 &&
  step.work === undefined &&
  step.acks.length + step.charges.length + step.parks.length === 0 &&
  step.leases.shards.size === 0 &&
  step.leases.statement === undefined &&
  [...step.calls.values()].every((call) => call.endedAtMs !== undefined);

/** No probe got through, or the work connection fails: the time since then decides whether others should have our shards. */
const noteHealth = (step: RelayStep): void => {
  const { gate } = step;
  const isShut = gate.state === 'waiting' || (gate.state === 'probing' && gate.allowance <= PROBE_RECORDS);
  const isIll = isShut || step.database.failures > 0;
  step.illSinceMs = isIll ? (step.illSinceMs ?? step.nowMs) : undefined;
};

/** Starts what is due: settling before claiming, since a claim would only read the same rows again. */
const schedule = (step: RelayStep): void => {
  if (step.phase === 'stopped') return;
  openGateWhenDue(step);
  noteHealth(step);
  planLease(step);
  if (step.work === undefined && step.nowMs >= step.database.retryAtMs && !planSettle(step)) {
    if (step.nowMs >= step.cadence.nextAtMs && mayClaim(step)) planClaim(step);
  }
  if (step.phase !== 'draining' || !isIdle(step)) return;
  step.phase = 'stopped';
  step.commands.push({ kind: 'stopped' });
};

/** When a `tick` is due if nothing else happens; Infinity if nothing would come of it. */
const nextTickMs = (step: RelayStep): number => {
  if (step.phase === 'stopped') return Number.POSITIVE_INFINITY;
  const due = [leaseDueMs(step)];
  if (step.gate.state === 'waiting' && step.gate.guardReady) due.push(step.gate.untilMs);
  if (step.work === undefined) {
    const claimMs = mayClaim(step) ? step.cadence.nextAtMs : Number.POSITIVE_INFINITY;
    due.push(Math.max(step.database.retryAtMs, Math.min(settleDueMs(step), claimMs)));
  }
  for (const call of step.calls.values())
    if (call.endedAtMs === undefined && !call.overdue)
      due.push(call.sentAtMs + step.rules.sendTimeoutMs + OVERDUE_GRACE_MS);
  return Math.min(...due);
};

export interface RelayStepResult {
  readonly state: RelayState;
  readonly commands: readonly RelayCommand[];
  readonly nextTickMs: number;
}

export const nextRelay = (
  state: RelayState,
  event: RelayEvent,
  at: { readonly nowMs: number; readonly rules: RelayRules },
): RelayStepResult => {
  const step = new RelayStep(state, at.nowMs, at.rules);
  apply(step, event);
  schedule(step);
  return { state: step.finish(), commands: step.commands, nextTickMs: nextTickMs(step) };
};
