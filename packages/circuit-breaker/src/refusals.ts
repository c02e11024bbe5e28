/** What a caller is told that gets no permit, and how that is counted and published. */
import type { Admission } from './admission.ts';
import { rejectedChannel } from './diagnostics.ts';
import {
  BreakerBusyError,
  BreakerIsolatedError,
  BreakerOpenError,
  type BreakerRefusal,
  type CallRejectedError,
} from './errors.ts';
import type { Isolation } from './isolation.ts';
import type { MonotonicClock } from './monotonic-clock.ts';
import type { BreakerSettings } from './options.ts';
import type { BreakerCounters } from './stats.ts';

const REJECTED = {
  open: 'rejectedOpen',
  'probes-busy': 'rejectedProbesBusy',
  ramp: 'rejectedRamp',
  isolated: 'rejectedIsolated',
  busy: 'rejectedBusy',
} as const;

export interface RefusalParts {
  readonly settings: BreakerSettings;
  readonly admission: Admission;
  readonly isolation: Isolation;
  readonly counters: BreakerCounters;
  readonly clock: MonotonicClock;
}

export class Refusals {
  readonly #parts: RefusalParts;

  constructor(parts: RefusalParts) {
    this.#parts = parts;
  }

  /** Counts and publishes the refusal of the latest attempt. */
  count(): void {
    const { admission, counters } = this.#parts;
    counters[REJECTED[admission.refusal]] += 1;
    if (rejectedChannel.hasSubscribers) {
      const { breaker: name, state, reason, retryAfterMs } = this.#details();
      rejectedChannel.publish({ name, state, reason, retryAfterMs });
    }
  }

  /** The error for the refusal of the latest attempt. */
  error(): CallRejectedError {
    const details = this.#details();
    const { settings, isolation } = this.#parts;
    const init = { captureStack: settings.captureStack };
    if (details.reason === 'isolated') {
      return new BreakerIsolatedError({ ...details, because: isolation.reason }, init);
    }
    return details.reason === 'busy' ? new BreakerBusyError(details, init) : new BreakerOpenError(details, init);
  }

  #details(): BreakerRefusal {
    const { settings, admission, clock } = this.#parts;
    const waitMs = admission.refusedForMs(clock.now());
    return {
      breaker: settings.name,
      state: admission.state,
      reason: admission.refusal,
      retryAfterMs: Number.isFinite(waitMs) ? waitMs : 0,
      openCount: admission.machine.openCount,
    };
  }
}
