import type { Clock } from '@busbar/retry';

import type { Histogram } from './histogram.ts';

const FAILOVER_PAUSE_MS = 1_000;

/** From the first failure of a connect or a connection until somebody gets one. */
export class Outage {
  readonly #clock: Clock;
  readonly #recoveryMs: Histogram;
  #sinceMs: number | undefined;
  #failoverAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, recoveryMs: Histogram) {
    this.#clock = clock;
    this.#recoveryMs = recoveryMs;
  }

  begin(): void {
    this.#sinceMs ??= this.#clock.now();
  }

  end(): void {
    if (this.#sinceMs === undefined) return;
    this.#recoveryMs.record(this.#clock.now() - this.#sinceMs);
    this.#sinceMs = undefined;
  }

  /** At most once a second: the failures of a whole pool are one failover. */
  admitsFailover(): boolean {
    const nowMs = this.#clock.now();
    if (nowMs - this.#failoverAtMs < FAILOVER_PAUSE_MS) return false;
    this.#failoverAtMs = nowMs;
    return true;
  }
}
