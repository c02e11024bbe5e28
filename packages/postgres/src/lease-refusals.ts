import { AcquireTimeoutError, QueueFullError, type PressureDetails } from './connect-errors.ts';
import { publish } from './diagnostics.ts';
import type { PostgresError } from './errors.ts';
import type { HolderReport } from './holders.ts';
import type { LeasePoolState, RefusalReason } from './lease-model.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import type { Counters } from './stats.ts';
import { DeadlineError, PostgresAbortedError, PostgresClosedError } from './usage-errors.ts';

export interface AcquireRequest {
  readonly label: string | undefined;
  readonly deadlineMs: number;
  /** The budget of the call; the wait also ends after `pool.acquireTimeoutMs`. */
  readonly deadlineAtMs: number;
  readonly signal: AbortSignal | undefined;
  /** When he asked, if the clock was read for it. */
  readonly askedAtMs?: number;
  /** The caller's own code decides how long it is held. */
  readonly watched?: boolean;
}

export interface RefusalContext {
  readonly options: Pick<ResolvedPostgresOptions, 'name' | 'clock'>;
  readonly counters: Counters;
  readonly state: LeasePoolState;
  readonly holders: { reports(): readonly HolderReport[] };
}

/** What those are told who get no connection: each cause has its own error, and a full pool names who holds it. */
export class Refusals {
  readonly #context: RefusalContext;

  constructor(context: RefusalContext) {
    this.#context = context;
  }

  aborted({ label, signal }: AcquireRequest): PostgresAbortedError {
    const { options, counters } = this.#context;
    counters.aborted += 1;
    return new PostgresAbortedError({ pool: options.name }, { outcome: 'not-sent', label, cause: signal?.reason });
  }

  /** `lastFailure` is why the server could not be reached. */
  refused(
    request: AcquireRequest,
    o: { readonly reason: RefusalReason; readonly waitedMs: number },
    lastFailure: PostgresError | undefined,
  ): PostgresError {
    const { options, counters } = this.#context;
    const { label } = request;
    const { waitedMs } = o;
    if (o.reason === 'closed') return new PostgresClosedError({ pool: options.name }, { label });
    if (o.reason === 'unreachable' && lastFailure !== undefined) return lastFailure;
    const pressure = this.#pressure();
    const { pool, queued, active } = pressure;
    const message = () => ({ pool, label, waitedMs, queued, active });
    if (o.reason === 'queue-full') {
      counters.queueFull += 1;
      publish('queue-full', message);
      return new QueueFullError(pressure, { label, captureStack: false });
    }
    if (request.deadlineAtMs <= options.clock.now())
      return new DeadlineError({ deadlineMs: request.deadlineMs }, { label, outcome: 'not-sent' });
    counters.acquireTimeouts += 1;
    publish('acquire-timeout', message);
    return new AcquireTimeoutError({ ...pressure, waitedMs }, { label });
  }

  #pressure(): PressureDetails {
    const { options, state, holders } = this.#context;
    const { counts, waiters } = state;
    const [oldest] = holders.reports();
    return {
      pool: options.name,
      queued: waiters.size,
      active: counts.leased,
      idle: counts.idle,
      ...(oldest === undefined ? {} : { oldestHolder: { label: oldest.label, heldMs: oldest.heldMs } }),
    };
  }
}
