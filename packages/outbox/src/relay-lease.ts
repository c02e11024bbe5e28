import type { RelayEvent } from './relay-protocol.ts';
import { dropForeign } from './relay-settle.ts';
import type { RelayStep } from './relay-step.ts';
import {
  afterAcquire,
  afterLeaseFailure,
  afterRelease,
  afterRenewal,
  giveUpAll,
  ILL_AFTER_MS,
  releasable,
  targetFor,
} from './shard-balance.ts';

/** Pure: the lease statements, one at a time on a connection of their own, beside the claims. */
const RETRY_BASE_MS = 100;

export const onRenewed = (step: RelayStep, event: Extract<RelayEvent, { kind: 'renewed' }>): void => {
  const self = { capable: step.leases.capable, probing: step.gate.state === 'probing' };
  const { view, lost } = afterRenewal(step.leases, { ...event, target: targetFor(self, event) }, step.rules.lease);
  step.leases = step.phase === 'running' ? view : giveUpAll(view);
  if (lost.length === 0) return;
  dropForeign(step);
  step.emit({ event: 'lease', change: 'lost', shards: lost, unclean: 0 });
};

export const onAcquired = (step: RelayStep, event: Extract<RelayEvent, { kind: 'acquired' }>): void => {
  const view = afterAcquire(step.leases, event, step.rules.lease);
  step.leases = step.phase === 'running' ? view : giveUpAll(view);
  if (event.shards.length === 0) return;
  step.cadence = { ...step.cadence, nextAtMs: Math.min(step.cadence.nextAtMs, step.nowMs) };
  const unclean = event.shards.filter((shard) => shard.unclean > 0).length;
  step.emit({ event: 'lease', change: 'acquired', shards: event.shards.map(({ shard }) => shard), unclean });
};

export const onReleased = (step: RelayStep, event: Extract<RelayEvent, { kind: 'released' }>): void => {
  step.leases = afterRelease(step.leases, event.shards);
  step.emit({ event: 'lease', change: 'released', shards: event.shards, unclean: 0 });
};

export const onLeaseFailed = (step: RelayStep, event: Extract<RelayEvent, { kind: 'lease-failed' }>): void => {
  const doubled = RETRY_BASE_MS * 2 ** Math.min(step.leases.failures, 10);
  const backoffMs = Math.min(step.rules.lease.renewMs, doubled);
  step.leases = afterLeaseFailure(step.leases, step.nowMs + backoffMs / 2 + (backoffMs / 2) * event.random);
};

/** Shards with rows in memory. */
const busyShards = (step: RelayStep): ReadonlySet<number> => {
  const shards = new Set<number>();
  for (const { row } of step.order.held.values()) shards.add(row.shard);
  return shards;
};

const wanted = (step: RelayStep): number => {
  if (step.phase !== 'running') return 0;
  return step.leases.target - [...step.leases.shards.values()].filter((shard) => !shard.surplus).length;
};

const toRelease = (step: RelayStep): readonly number[] => {
  const { leases } = step;
  const hasSurplus = [...leases.shards.values()].some((owned) => owned.surplus);
  return hasSurplus ? releasable(leases, busyShards(step)) : [];
};

/** When a lease statement is due if nothing else happens. */
export const leaseDueMs = (step: RelayStep): number => {
  const { statement, retryAtMs, nextRenewMs, nextAcquireMs } = step.leases;
  if (statement !== undefined) return Number.POSITIVE_INFINITY;
  if (toRelease(step).length > 0) return retryAtMs;
  return Math.max(retryAtMs, wanted(step) > 0 ? Math.min(nextRenewMs, nextAcquireMs) : nextRenewMs);
};

export const planLease = (step: RelayStep): void => {
  const { leases } = step;
  if (leases.statement !== undefined || step.phase === 'stopped' || step.nowMs < leases.retryAtMs) return;
  const shards = toRelease(step);
  if (shards.length > 0) {
    step.leases = { ...leases, statement: 'release' };
    step.commands.push({ kind: 'release', shards });
  } else if (step.nowMs >= leases.nextRenewMs) {
    const capable = step.illSinceMs === undefined || step.nowMs - step.illSinceMs < ILL_AFTER_MS;
    step.leases = { ...leases, statement: 'renew', capable };
    const proven = [...leases.shards].filter(([, shard]) => shard.proven).map(([shard]) => shard);
    step.commands.push({ kind: 'renew', proven, capable });
  } else if (wanted(step) > 0 && step.nowMs >= leases.nextAcquireMs) {
    step.leases = { ...leases, statement: 'acquire' };
    step.commands.push({ kind: 'acquire', max: wanted(step) });
  }
};
