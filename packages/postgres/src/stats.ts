import type { LeasePoolState, RetireReason } from './lease-model.ts';

/** Numbers since creation, never cleared; the levels (`open` … `waiting`) are those of now. */
export interface PostgresStats {
  readonly name: string;
  readonly host: string;
  readonly max: number;
  readonly minIdle: number;
  /** Sockets open or being opened, closing ones included. */
  readonly open: number;
  readonly idle: number;
  readonly leased: number;
  readonly connecting: number;
  readonly validating: number;
  readonly resetting: number;
  readonly closing: number;
  readonly waiting: number;
  readonly maxWaiting: number;
  readonly acquired: number;
  /** Sum of the time connections were leased, those leased now included: utilisation = Δ / (Δt · max). */
  readonly leasedMs: number;
  readonly acquireTimeouts: number;
  readonly queueFull: number;
  readonly aborted: number;
  readonly created: number;
  readonly createFailures: number;
  readonly closed: Readonly<Partial<Record<RetireReason, number>>>;
  readonly validations: number;
  readonly validationSkips: number;
  readonly dirtyReleases: number;
  readonly leasesLost: number;
  readonly cancelsSent: number;
  readonly tx: {
    readonly committed: number;
    readonly rolledBack: number;
    readonly unknown: number;
    /** By SQLSTATE of the failure that was repeated; `connection` for a lost one. */
    readonly retries: Readonly<Record<string, number>>;
  };
}

/** The plain counters behind `stats()`. */
export interface Counters {
  maxWaiting: number;
  acquired: number;
  leasedMs: number;
  acquireTimeouts: number;
  queueFull: number;
  aborted: number;
  created: number;
  createFailures: number;
  validations: number;
  validationSkips: number;
  dirtyReleases: number;
  leasesLost: number;
  cancelsSent: number;
  committed: number;
  rolledBack: number;
  unknown: number;
  readonly closed: Partial<Record<RetireReason, number>>;
  readonly retries: Record<string, number>;
}

export const createCounters = (): Counters => ({
  maxWaiting: 0,
  acquired: 0,
  leasedMs: 0,
  acquireTimeouts: 0,
  queueFull: 0,
  aborted: 0,
  created: 0,
  createFailures: 0,
  validations: 0,
  validationSkips: 0,
  dirtyReleases: 0,
  leasesLost: 0,
  cancelsSent: 0,
  committed: 0,
  rolledBack: 0,
  unknown: 0,
  closed: {},
  retries: {},
});

/** A copy of all numbers. */
export const statsOf = (
  pool: LeasePoolState,
  counters: Counters,
  o: { readonly name: string; readonly host: string; readonly nowMs: number },
): PostgresStats => {
  const { committed, rolledBack, unknown, retries, closed, ...counted } = counters;
  const { connecting, setup, idle, validating, leased, resetting, closing } = pool.counts;
  let { leasedMs } = counters;
  for (const slot of pool.slots.values()) if (slot.state === 'leased') leasedMs += o.nowMs - slot.sinceMs;
  return {
    ...counted,
    name: o.name,
    host: o.host,
    max: pool.limits.max,
    minIdle: pool.limits.minIdle,
    open: pool.slots.size,
    idle,
    leased,
    connecting: connecting + setup,
    validating,
    resetting,
    closing,
    waiting: pool.waiters.size,
    leasedMs,
    closed: { ...closed },
    tx: { committed, rolledBack, unknown, retries: { ...retries } },
  };
};
