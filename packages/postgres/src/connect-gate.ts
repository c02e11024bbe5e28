import { nextDelayMs, resolveBackoff } from '@busbar/retry';

/**
 * After a failed connect the gate is shut for 50 ms × 2ⁿ with full jitter, at most 5 s; then one trial. A success opens it.
 * Full jitter, so that the instances of a service do not come back to a recovering server together.
 */
export interface ConnectGate {
  /** Failures in a row. 0 = open. */
  readonly failures: number;
  /** When the first of them happened. */
  readonly failingSinceMs: number;
  /** When the last of them happened. */
  readonly lastFailureMs: number;
  /** Shut until then. */
  readonly openAtMs: number;
}

const BACKOFF = resolveBackoff({ baseMs: 50, factor: 2, maxMs: 5_000, jitter: 'full' });

export const OPEN_GATE: ConnectGate = Object.freeze({
  failures: 0,
  failingSinceMs: Number.NEGATIVE_INFINITY,
  lastFailureMs: Number.NEGATIVE_INFINITY,
  openAtMs: 0,
});

export const gateAfterFailure = (gate: ConnectGate, nowMs: number, random: () => number): ConnectGate => {
  const failures = gate.failures + 1;
  const delayMs = nextDelayMs(BACKOFF, { retry: failures, previousMs: BACKOFF.baseMs }, random);
  return {
    failures,
    failingSinceMs: gate.failures === 0 ? nowMs : gate.failingSinceMs,
    lastFailureMs: nowMs,
    openAtMs: nowMs + delayMs,
  };
};

export const gateAfterSuccess = (gate: ConnectGate): ConnectGate =>
  gate.failures === 0 ? gate : { ...OPEN_GATE, lastFailureMs: gate.lastFailureMs };

/** How many connections may be opened now besides the `opening` ones; `limit` while the gate is open, one at a time as a trial. */
export const admittedConnects = (gate: ConnectGate, o: { nowMs: number; opening: number; limit: number }): number => {
  if (gate.failures === 0) return Math.max(0, o.limit - o.opening);
  return o.opening === 0 && o.nowMs >= gate.openAtMs ? 1 : 0;
};
