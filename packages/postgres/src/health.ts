import type { LeasePoolState } from './lease-model.ts';
import { usable } from './lease-moves.ts';

// The judgement on a pool by its numbers alone. Pure.

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** Why a pool is not healthy. */
export type HealthCode =
  | 'closed'
  | 'unreachable'
  | 'waiting-long'
  | 'queue-nearly-full'
  | 'leaks-held'
  | 'connect-failed-recently'
  /** Sessions of a primary that takes no writes. */
  | 'read-only'
  | 'probe-slow'
  | 'probe-failed';

export interface HealthReason {
  readonly code: HealthCode;
  readonly value: number;
  readonly limit: number;
}

export interface HealthReport {
  readonly status: HealthStatus;
  readonly reasons: readonly HealthReason[];
  /** How long the server took for an empty statement, where it was asked for this report. */
  readonly probeMs?: number;
}

/** The last time that the server was asked for a report. */
export interface Probe {
  readonly ok: boolean;
  readonly endedAtMs: number;
  readonly tookMs: number;
}

export interface HealthFacts {
  readonly nowMs: number;
  /** Leaks that are held now. */
  readonly leaked: number;
  /** Connections to a primary that takes no writes, where writes are wanted. */
  readonly readOnly: number;
  readonly probe?: Probe | undefined;
  /** What the server took at the start; 0 = not known. */
  readonly baselineMs: number;
}

/** A failed connect, or what a probe has found, makes a pool degraded for this long. */
const RECENT_MS = 30_000;
const QUEUE_RATIO = 0.8;
/** A probe is slow above so many times the latency at the start, and above this time. */
const SLOW_FACTOR = 3;
const SLOW_MS = 50;
/** Longest wait for a probe. */
export const PROBE_LIMIT_MS = 1_000;

type Rule = (pool: LeasePoolState, facts: HealthFacts) => Omit<HealthReason, 'code'> & { readonly holds: boolean };

const RULES: readonly (readonly [HealthCode, Rule])[] = [
  [
    'waiting-long',
    ({ waiters, limits }, { nowMs }) => {
      let value = 0;
      for (const waiter of waiters) value = Math.max(value, nowMs - waiter.enqueuedAtMs);
      const limit = limits.acquireTimeoutMs / 2;
      return { value, limit, holds: value > limit };
    },
  ],
  [
    'queue-nearly-full',
    ({ waiters: { size: value }, limits }) => {
      const limit = limits.maxQueue * QUEUE_RATIO;
      return { value, limit, holds: value > 0 && value >= limit };
    },
  ],
  ['leaks-held', (_pool, { leaked }) => ({ value: leaked, limit: 0, holds: leaked > 0 })],
  [
    'connect-failed-recently',
    ({ gate }, { nowMs }) => {
      const value = nowMs - gate.lastFailureMs;
      return { value, limit: RECENT_MS, holds: value < RECENT_MS };
    },
  ],
  ['read-only', (_pool, { readOnly }) => ({ value: readOnly, limit: 0, holds: readOnly > 0 })],
  [
    'probe-slow',
    (_pool, { probe, baselineMs, nowMs }) => {
      const limit = Math.max(SLOW_FACTOR * baselineMs, SLOW_MS);
      const value = probe?.ok === true && nowMs - probe.endedAtMs < RECENT_MS ? probe.tookMs : 0;
      return { value, limit, holds: value > limit };
    },
  ],
  [
    'probe-failed',
    (_pool, { probe, nowMs }) => ({
      value: probe?.tookMs ?? 0,
      limit: PROBE_LIMIT_MS,
      holds: probe?.ok === false && nowMs - probe.endedAtMs < RECENT_MS,
    }),
  ],
];

/** Judges a pool without I/O. */
export const healthOf = (pool: LeasePoolState, facts: HealthFacts): HealthReport => {
  if (pool.phase === 'closing' || pool.phase === 'closed')
    return { status: 'unhealthy', reasons: [{ code: 'closed', value: 1, limit: 0 }] };
  if (usable(pool) === 0 && pool.gate.failures > 0)
    return { status: 'unhealthy', reasons: [{ code: 'unreachable', value: pool.gate.failures, limit: 0 }] };
  const reasons: HealthReason[] = [];
  for (const [code, rule] of RULES) {
    const { value, limit, holds } = rule(pool, facts);
    if (holds) reasons.push({ code, value, limit });
  }
  return { status: reasons.length === 0 ? 'healthy' : 'degraded', reasons };
};

/** Whether a probe leaves a connection for the next caller: one that is free, or one that may still be opened. */
export const mayProbe = (pool: LeasePoolState): boolean => {
  const { counts, slots, limits, waiters, phase } = pool;
  return (phase === 'open' || phase === 'unused') && waiters.size === 0 && counts.idle + limits.max - slots.size >= 2;
};
