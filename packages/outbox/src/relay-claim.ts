import { gateAllowance, gateSent, PROBE_RECORDS, probeChoice } from './broker-gate.ts';
import { forgetOldBlocks, hold, markSent, settleKey } from './key-order.ts';
import { type Picked, pickRows } from './pick-rows.ts';
import { type ClaimedRow, unitOf } from './record.ts';
import type { ClaimFacts, OpenCall, OpenWork, RelayEvent } from './relay-protocol.ts';
import type { RelayStep } from './relay-step.ts';
import { isSendable, proven } from './shard-balance.ts';
import { afterClaim } from './wake-up.ts';

/**
 * Pure: what a claim reads, and what of it is sent.
 *
 * A claim reads each owned shard from its lowest row. It reads past the rows that it will have to drop: as many more as are held, and
 * twice as many as the last claim dropped, per shard, up to `CLAIM_CEILING_WINDOWS` windows.
 *
 * **Known limit**: when more rows than that ceiling are blocked at the head of one shard (one key halted, one partition dead for long),
 * the rows of *that shard* behind them wait until the block ends. Other shards are not concerned: each is read by its own share.
 */
const CLAIM_CEILING_WINDOWS = 4;
const MIN_SHARD_ROWS = 16;

const windowRecords = (step: RelayStep): number => step.rules.batchRecords * step.rules.maxInFlightBatches;

const windowBytes = (step: RelayStep): number => step.rules.batchBytes * step.rules.maxInFlightBatches;

const heldBytes = (step: RelayStep): number => {
  let bytes = 0;
  for (const { row } of step.order.held.values()) bytes += row.bytes;
  return bytes;
};

/** A claim is worth its round trip when a quarter of a batch fits. */
const hasRoom = (step: RelayStep): boolean => {
  const room = windowRecords(step) - step.order.held.size;
  return room >= Math.max(1, Math.ceil(step.rules.batchRecords / 4));
};

const claimableShards = (step: RelayStep): readonly number[] =>
  [...step.leases.shards.keys()].filter((shard) =>
    isSendable(step.leases, shard, { nowMs: step.nowMs, safetyMs: step.rules.lease.safetyMs }),
  );

/** Also without a shard while the work connection is ill: an empty claim asks whether it is well again. */
const hasClaimableShard = (step: RelayStep): boolean => {
  if (step.database.failures > 0) return true;
  const at = { nowMs: step.nowMs, safetyMs: step.rules.lease.safetyMs };
  for (const shard of step.leases.shards.keys()) if (isSendable(step.leases, shard, at)) return true;
  return false;
};

export const mayClaim = (step: RelayStep): boolean =>
  step.phase === 'running' && !step.paused && gateAllowance(step.gate) > 0 && hasRoom(step) && hasClaimableShard(step);

export const planClaim = (step: RelayStep): void => {
  const shards = claimableShards(step);
  const ceiling = CLAIM_CEILING_WINDOWS * windowRecords(step);
  const share = Math.max(MIN_SHARD_ROWS, Math.ceil((2 * step.rules.batchRecords) / shards.length));
  const held = new Map<number, number>();
  for (const { row } of step.order.held.values()) held.set(row.shard, (held.get(row.shard) ?? 0) + 1);
  const takes = new Map<number, number>();
  let passed = 0;
  for (const shard of shards) {
    const more = (held.get(shard) ?? 0) + 2 * (step.hidden.rows.get(shard) ?? 0);
    takes.set(shard, Math.min(ceiling, share + more));
    passed += more;
  }
  const wantedBytes = step.rules.batchBytes + heldBytes(step) + 2 * step.hidden.bytes;
  const statement = {
    kind: 'claim',
    id: step.id(),
    takes,
    limit: Math.min(ceiling, step.rules.batchRecords + passed),
    maxBytes: Math.min(CLAIM_CEILING_WINDOWS * windowBytes(step), wantedBytes),
  } as const;
  const epochs = new Map(shards.map((shard) => [shard, step.leases.shards.get(shard)?.epoch]));
  step.work = { ...statement, sentAtMs: step.nowMs, trigger: step.cadence.trigger, epochs };
  step.cadence = { ...step.cadence, wokenMeanwhile: false };
  step.commands.push(statement);
};

type ClaimWork = Extract<OpenWork, { kind: 'claim' }>;

/** Rows of the claim that may still be sent: their shard is ours under the epoch that the claim was made for, and long enough. */
const sendableBy =
  (step: RelayStep, claim: ClaimWork) =>
  (shard: number): boolean =>
    step.leases.shards.get(shard)?.epoch === claim.epochs.get(shard) &&
    isSendable(step.leases, shard, { nowMs: step.nowMs, safetyMs: step.rules.lease.safetyMs });

const pick = (step: RelayStep, claim: ClaimWork, { rows, poison }: Extract<RelayEvent, { kind: 'rows' }>): Picked => {
  const probing = step.gate.state === 'probing' && step.gate.allowance <= PROBE_RECORDS;
  const allowance = probing ? rows.length : gateAllowance(step.gate);
  const mayStart = step.phase === 'running' && !step.paused;
  return pickRows(step.order, rows, {
    nowMs: step.nowMs,
    records: mayStart ? Math.min(step.rules.batchRecords, allowance, windowRecords(step) - step.order.held.size) : 0,
    bytes: Math.min(step.rules.batchBytes, windowBytes(step) - heldBytes(step)),
    maxAttempts: step.rules.maxAttempts,
    poison,
    onePerKey: !step.rules.keepsKeyPrefix,
    sendable: sendableBy(step, claim),
  });
};

/** The first probe after an outage is of one key, and not always of the same one. */
const firstProbe = (
  step: RelayStep,
  send: readonly ClaimedRow[],
): { rows: readonly ClaimedRow[]; fate: string | undefined } => {
  if (step.gate.state !== 'probing' || step.gate.allowance > PROBE_RECORDS) return { rows: send, fate: undefined };
  const fateOf = (row: ClaimedRow): string => row.lane ?? unitOf(row);
  const fate = probeChoice(step.gate, send.map(fateOf));
  const chosen = send.find((row) => fateOf(row) === fate);
  const unit = chosen === undefined ? undefined : unitOf(chosen);
  return { rows: send.filter((row) => unitOf(row) === unit).slice(0, PROBE_RECORDS), fate };
};

const unitIndexes = (rows: readonly ClaimedRow[]): ReadonlyMap<string, readonly number[]> => {
  const indexes = new Map<string, number[]>();
  for (const [index, row] of rows.entries()) {
    const unit = unitOf(row);
    const known = indexes.get(unit);
    if (known === undefined) indexes.set(unit, [index]);
    else known.push(index);
  }
  return indexes;
};

const send = (step: RelayStep, rows: readonly ClaimedRow[], claim: ClaimFacts): void => {
  const probe = firstProbe(step, rows);
  const call: OpenCall = {
    id: step.id(),
    rows: probe.rows,
    outcomes: probe.rows.map(() => undefined),
    open: unitIndexes(probe.rows),
    sentAtMs: step.nowMs,
    endedAtMs: undefined,
    undeleted: 0,
    claim,
    overdue: false,
  };
  markSent(step.order, probe.rows, call.id);
  step.calls.set(call.id, call);
  step.gate = gateSent(step.gate, call.id, probe.fate);
  step.commands.push({ kind: 'send', call: call.id, rows: probe.rows });
};

const isFull = (claim: ClaimWork, rows: readonly ClaimedRow[]): boolean => {
  if (rows.length >= claim.limit) return true;
  const read = new Map<number, number>();
  for (const { shard } of rows) read.set(shard, (read.get(shard) ?? 0) + 1);
  return [...read].some(([shard, count]) => count >= (claim.takes.get(shard) ?? 0));
};

/** Shards that the claim found empty owe nothing to a crashed owner any more. */
const noteEmptyShards = (step: RelayStep, claim: ClaimWork, rows: readonly ClaimedRow[]): void => {
  if (rows.length >= claim.limit) return;
  const seen = new Set(rows.map((row) => row.shard));
  step.leases = proven(
    step.leases,
    [...claim.takes.keys()].filter((shard) => !seen.has(shard)),
  );
};

const parkExhausted = (step: RelayStep, rows: readonly ClaimedRow[]): void => {
  for (const row of rows) {
    hold(step.order, row, { phase: 'settling', call: 0 });
    settleKey(step.order, unitOf(row));
    step.parks.push({ row, reason: 'event', outcome: undefined });
  }
};

export const onRows = (step: RelayStep, event: Extract<RelayEvent, { kind: 'rows' }>): void => {
  const claim = step.work;
  if (claim?.kind !== 'claim' || claim.id !== event.id) return;
  step.work = undefined;
  step.database = { failures: 0, retryAtMs: 0 };
  const { topicBackoff, keyBackoff } = step.rules;
  forgetOldBlocks(step.order, step.nowMs, Math.max(topicBackoff.maxMs, keyBackoff.maxMs));
  noteEmptyShards(step, claim, event.rows);
  const picked = pick(step, claim, event);
  const full = isFull(claim, event.rows);
  step.hidden = { rows: picked.hidden, bytes: picked.hiddenBytes };
  step.waiting = picked.waiting || full;
  parkExhausted(step, picked.exhausted);
  const facts: ClaimFacts = {
    sentAtMs: claim.sentAtMs,
    answeredAtMs: step.nowMs,
    claimed: event.rows.length,
    dropped: picked.dropped,
    trigger: claim.trigger,
  };
  if (picked.send.length > 0) send(step, picked.send, facts);
  step.cadence = afterClaim(
    step.cadence,
    { nowMs: step.nowMs, sent: picked.send.length, full, random: event.random },
    step.rules.poll,
  );
  const { dropped, halted } = picked;
  step.emit({ event: 'claimed', rows: event.rows.length, dropped, halted, trigger: claim.trigger });
};
