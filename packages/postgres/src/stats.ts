import type { GuardStats } from './guard/guard.ts';
import type { Operation } from './guard/statement-words.ts';
import { Histogram, type Distribution } from './histogram.ts';
import type { LeasePoolState, RetireReason } from './lease-model.ts';
import type { StatementCounters } from './statement-cache.ts';

/** What statements of one sort have cost. */
export interface OperationStats {
  readonly count: number;
  readonly errors: number;
  readonly rows: number;
  /** On the socket, from the answer before to this answer: what the server sends of itself in between is in it. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** From the call to its end, waiting included. */
  readonly durationMs: Distribution;
  /** Waiting for a connection; 0 inside a lease or transaction. */
  readonly acquireMs: Distribution;
  /** Of 1 in 256 statements that are not prepared: from the write to ParseComplete, the way there and back included. */
  readonly parseMs: Distribution;
  /** The same ones: planning, from there to BindComplete. */
  readonly planMs: Distribution;
  /** The same ones: from there to the end of the answer. */
  readonly executeMs: Distribution;
}

/** Numbers since creation, never cleared; the levels (`open` … `waiting`) are those of now. */
export interface PostgresStats {
  readonly name: string;
  /** The first of `targets`. */
  readonly host: string;
  /** `adapted`: of `adaptPool`. Then a lease is a slot, and neither `created` nor `closed` counts a client that was given back. */
  readonly mode: 'owned' | 'adapted';
  readonly max: number;
  readonly minIdle: number;
  /** Raised by `recycle()`; connections of an older one are replaced. */
  readonly generation: number;
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
  /** Leases of `leak.warnAfterMs` or longer. */
  readonly leaks: number;
  /** Leases ended after `leak.reclaimAfterMs`: acquired = released + lost + reclaimed + held. */
  readonly leasesReclaimed: number;
  readonly cancelsSent: number;
  readonly tx: {
    readonly committed: number;
    readonly rolledBack: number;
    readonly unknown: number;
    /** By SQLSTATE of the failure that was repeated; `connection` for a lost one. */
    readonly retries: Readonly<Record<string, number>>;
  };
  /** Wait for a connection. */
  readonly waitMs: Distribution;
  /** Length of a lease. */
  readonly useMs: Distribution;
  /** From the start of a connect to the end of the set-up. */
  readonly createMs: Distribution;
  /** From the first failure of a connect or connection to the next lease. */
  readonly recoveryMs: Distribution;
  readonly operations: Readonly<Record<Operation, OperationStats>>;
  readonly guard: GuardStats;
  /** Prepared statements: hit ratio = hits / (hits + misses). */
  readonly statements: Readonly<StatementCounters>;
}

/** The counters behind `operations`. */
export interface OperationCounters {
  count: number;
  errors: number;
  rows: number;
  bytesRead: number;
  bytesWritten: number;
  readonly durationMs: Histogram;
  readonly acquireMs: Histogram;
  readonly parseMs: Histogram;
  readonly planMs: Histogram;
  readonly executeMs: Histogram;
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
  leaks: number;
  leasesReclaimed: number;
  cancelsSent: number;
  committed: number;
  rolledBack: number;
  unknown: number;
  readonly closed: Partial<Record<RetireReason, number>>;
  readonly retries: Record<string, number>;
  readonly waitMs: Histogram;
  readonly useMs: Histogram;
  readonly createMs: Histogram;
  readonly recoveryMs: Histogram;
  readonly operations: Readonly<Record<Operation, OperationCounters>>;
  readonly statements: StatementCounters;
}

const createOperation = (): OperationCounters => ({
  count: 0,
  errors: 0,
  rows: 0,
  bytesRead: 0,
  bytesWritten: 0,
  durationMs: new Histogram(),
  acquireMs: new Histogram(),
  parseMs: new Histogram(),
  planMs: new Histogram(),
  executeMs: new Histogram(),
});

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
  leaks: 0,
  leasesReclaimed: 0,
  cancelsSent: 0,
  committed: 0,
  rolledBack: 0,
  unknown: 0,
  closed: {},
  retries: {},
  waitMs: new Histogram(),
  useMs: new Histogram(),
  createMs: new Histogram(),
  recoveryMs: new Histogram(),
  statements: { hits: 0, misses: 0, evicted: 0, reprepared: 0 },
  operations: { read: createOperation(), write: createOperation(), ddl: createOperation(), admin: createOperation() },
});

const snapshotOf = (o: OperationCounters): OperationStats => ({
  ...o,
  durationMs: o.durationMs.snapshot(),
  acquireMs: o.acquireMs.snapshot(),
  parseMs: o.parseMs.snapshot(),
  planMs: o.planMs.snapshot(),
  executeMs: o.executeMs.snapshot(),
});

/** A copy of all numbers. */
export const statsOf = (
  pool: LeasePoolState,
  counters: Counters,
  o: Pick<PostgresStats, 'name' | 'host' | 'mode' | 'guard'> & { readonly nowMs: number },
): PostgresStats => {
  const { committed, rolledBack, unknown, retries, closed, operations, ...counted } = counters;
  const { read, write, ddl, admin } = operations;
  const { connecting, setup, idle, validating, leased, resetting, closing } = pool.counts;
  let { leasedMs } = counters;
  for (const slot of pool.slots.values()) if (slot.state === 'leased') leasedMs += o.nowMs - slot.sinceMs;
  return {
    ...counted,
    name: o.name,
    host: o.host,
    mode: o.mode,
    max: pool.limits.max,
    minIdle: pool.limits.minIdle,
    generation: pool.generation,
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
    waitMs: counters.waitMs.snapshot(),
    useMs: counters.useMs.snapshot(),
    createMs: counters.createMs.snapshot(),
    recoveryMs: counters.recoveryMs.snapshot(),
    operations: { read: snapshotOf(read), write: snapshotOf(write), ddl: snapshotOf(ddl), admin: snapshotOf(admin) },
    guard: o.guard,
    statements: { ...counters.statements },
    tx: { committed, rolledBack, unknown, retries: { ...retries } },
  };
};
