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
import type { BreakerSettings } from './options.ts';

const REJECTED = {
  open: 'rejectedOpen',
  'probes-busy': 'rejectedProbesBusy',
  ramp: 'rejectedRamp',
  isolated: 'rejectedIsolated',
  busy: 'rejectedBusy',
} as const;

/** Counts and publishes the refusal of the latest attempt. */
export const countRefusal = (admission: Admission, settings: BreakerSettings): void => {
  admission.counters.rare[REJECTED[admission.refusal]] += 1;
  if (rejectedChannel.hasSubscribers) {
    const { breaker: name, state, reason, retryAfterMs } = refusalOf(admission, settings);
    rejectedChannel.publish({ name, state, reason, retryAfterMs });
  }
};

/** The error for the refusal of the latest attempt. `because`: why the breaker is isolated, if it is. */
export const refusalError = (admission: Admission, settings: BreakerSettings, because: string): CallRejectedError => {
  const details = refusalOf(admission, settings);
  const init = settings.captureStack ? WITH_STACK : undefined;
  if (details.reason === 'isolated') return new BreakerIsolatedError({ ...details, because }, init);
  return details.reason === 'busy' ? new BreakerBusyError(details, init) : new BreakerOpenError(details, init);
};

const WITH_STACK = { captureStack: true };

const refusalOf = (admission: Admission, settings: BreakerSettings): BreakerRefusal => {
  const waitMs = admission.refusedForMs(admission.attemptedAtMs); // it was refused just now
  return {
    breaker: settings.name,
    state: admission.state,
    reason: admission.refusal,
    retryAfterMs: Number.isFinite(waitMs) ? waitMs : 0,
    openCount: admission.machine.openCount,
  };
};
