import type { LeasePoolState } from './lease-model.ts';
import { usable } from './lease-moves.ts';

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** Why a pool is not healthy. */
export type HealthCode =
  | 'closed'
  | 'unreachable'
  | 'waiting-long'
  | 'queue-nearly-full'
  | 'leaks-held'
  | 'connect-failed-recently';

export interface HealthReason {
  readonly code: HealthCode;
  readonly value: number;
  readonly limit: number;
}

export interface HealthReport {
  readonly status: HealthStatus;
  readonly reasons: readonly HealthReason[];
}

/** A failed connect makes a pool degraded for this long. */
const RECENT_MS = 30_000;
const QUEUE_RATIO = 0.8;

/** Judges a pool by its numbers alone, without I/O. */
export const healthOf = (
  pool: LeasePoolState,
  o: { readonly nowMs: number; readonly leaked: number },
): HealthReport => {
  const { nowMs, leaked } = o;
  if (pool.phase === 'closing' || pool.phase === 'closed')
    return { status: 'unhealthy', reasons: [{ code: 'closed', value: 1, limit: 0 }] };
  if (usable(pool) === 0 && pool.gate.failures > 0)
    return { status: 'unhealthy', reasons: [{ code: 'unreachable', value: pool.gate.failures, limit: 0 }] };
  const reasons: HealthReason[] = [];
  const { acquireTimeoutMs, maxQueue } = pool.limits;
  let longestWaitMs = 0;
  for (const waiter of pool.waiters.values()) longestWaitMs = Math.max(longestWaitMs, nowMs - waiter.enqueuedAtMs);
  if (longestWaitMs > acquireTimeoutMs / 2)
    reasons.push({ code: 'waiting-long', value: longestWaitMs, limit: acquireTimeoutMs / 2 });
  if (pool.waiters.size > 0 && pool.waiters.size >= maxQueue * QUEUE_RATIO)
    reasons.push({ code: 'queue-nearly-full', value: pool.waiters.size, limit: maxQueue * QUEUE_RATIO });
  if (leaked > 0) reasons.push({ code: 'leaks-held', value: leaked, limit: 0 });
  const sinceFailureMs = nowMs - pool.gate.lastFailureMs;
  if (sinceFailureMs < RECENT_MS)
    reasons.push({ code: 'connect-failed-recently', value: sinceFailureMs, limit: RECENT_MS });
  return { status: reasons.length === 0 ? 'healthy' : 'degraded', reasons };
};
