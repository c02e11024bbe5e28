import { publish } from './diagnostics.ts';
import { healthOf, mayProbe, PROBE_LIMIT_MS, type HealthReport, type HealthStatus, type Probe } from './health.ts';
import type { LeasePool } from './lease-pool.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import { PostgresAbortedError } from './usage-errors.ts';

export interface ProbeOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Reports on a pool, tells of changes, and asks the server where that is wanted. */
export class HealthMonitor {
  /** What the server took for an empty statement at the start; 0 = not known. */
  baselineMs = 0;
  readonly #options: Pick<ResolvedPostgresOptions, 'name' | 'clock'>;
  readonly #leases: LeasePool;
  #status: HealthStatus = 'healthy';
  #probe: Probe | undefined;

  constructor(options: Pick<ResolvedPostgresOptions, 'name' | 'clock'>, leases: LeasePool) {
    this.#options = options;
    this.#leases = leases;
  }

  report(): HealthReport {
    const { state, leaked, readOnly } = this.#leases;
    const { name: pool, clock } = this.#options;
    const { baselineMs } = this;
    const report = healthOf(state, { nowMs: clock.now(), leaked, readOnly, probe: this.#probe, baselineMs });
    const from = this.#status;
    const { status: to, reasons } = report;
    this.#status = to;
    if (to !== from) publish('health', () => ({ pool, from, to, reasons }));
    return report;
  }

  /**
   * Asks the server on a connection of this generation, for at most 1 s, unless that would take the last one that is free.
   * @throws {@link PostgresAbortedError} when the signal is aborted
   */
  async probe(o: ProbeOptions): Promise<HealthReport> {
    this.#refuseAborted(o.signal);
    if (!mayProbe(this.#leases.state)) return this.report();
    const startedAtMs = this.#options.clock.now();
    const tookMs = await this.#ask(startedAtMs + PROBE_LIMIT_MS, o.signal);
    const endedAtMs = this.#options.clock.now();
    this.#refuseAborted(o.signal);
    this.#probe = { ok: tookMs !== undefined, endedAtMs, tookMs: tookMs ?? endedAtMs - startedAtMs };
    const report = this.report();
    return tookMs === undefined ? report : { ...report, probeMs: tookMs };
  }

  #refuseAborted(signal: AbortSignal | undefined): void {
    if (signal?.aborted !== true) return;
    throw new PostgresAbortedError({ pool: this.#options.name }, { outcome: 'not-sent', cause: signal.reason });
  }

  /** How long the server took, or nothing if it did not answer. */
  async #ask(deadlineAtMs: number, signal: AbortSignal | undefined): Promise<number | undefined> {
    const { clock } = this.#options;
    const leases = this.#leases;
    try {
      const connection = await leases.acquire({ label: 'health', deadlineMs: PROBE_LIMIT_MS, deadlineAtMs, signal });
      const sentAtMs = clock.now();
      const build = () => [{ text: '', values: [], rowLimit: 0 }];
      const { error, stopped } = await connection.run({ build, deadlineAtMs, signal, atLimit: 'destroy' });
      const tookMs = clock.now() - sentAtMs;
      leases.releaseWhenQuiet(connection);
      return error === undefined && stopped === undefined ? tookMs : undefined;
    } catch {
      return undefined; // no connection in time: the report says why
    }
  }
}
