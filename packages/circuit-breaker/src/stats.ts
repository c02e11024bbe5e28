/** What a breaker tells of itself. Counters never decrease and survive `reset()`. */
import type { Admission } from './admission.ts';
import type { BreakerCounters } from './counters.ts';
import type { LatencySummary } from './latency-histogram.ts';
import type { AutomaticState, State } from './state-machine.ts';
import type { TimeStats } from './state-times.ts';
import { ratio } from './tally.ts';

export interface BreakerStats extends Readonly<BreakerCounters>, TimeStats {
  readonly state: State;
  /** The state of the machine below a mode. */
  readonly automaticState: AutomaticState;
  /** False: a mode lies over the machine. */
  readonly enforced: boolean;
  /** Open, and the next admission attempt would be a probe. */
  readonly probeDue: boolean;
  readonly epoch: number;
  /** Openings since the dependency was last well. */
  readonly openCount: number;
  readonly openRemainingMs: number;
  readonly consecutiveFailures: number;
  /** Callers in `ready()`. */
  readonly waiters: number;
  /** Calls admitted and not settled. */
  readonly inFlight: number;
  readonly windowCalls: number;
  readonly windowFailures: number;
  readonly windowSlow: number;
  readonly failureRatio: number;
  readonly slowRatio: number;
  /** With `latency` `on` or `cumulative`: of all calls whose start is known, whatever they came to. */
  readonly latencyMs?: LatencySummary;
  /** Of the last 64 probes. */
  readonly probeLatencyMs?: LatencySummary;
}

export interface StatsParts {
  readonly admission: Admission;
  readonly waiters: number;
  readonly latency: LatencySummary | undefined;
  readonly probeLatency: LatencySummary | undefined;
  readonly nowMs: number;
}

/** The statistics of a breaker at one moment. */
export const breakerStats = (parts: StatsParts): BreakerStats => {
  const { admission, nowMs, latency, probeLatency } = parts;
  const { machine } = admission;
  const { tally } = machine;
  tally.window?.evict(nowMs);
  const openRemainingMs = machine.openRemainingMs(nowMs);
  return {
    ...admission.counters.read(),
    ...admission.times.read(nowMs),
    state: admission.state,
    automaticState: machine.state,
    enforced: admission.enforced,
    probeDue: machine.state === 'open' && openRemainingMs === 0,
    epoch: admission.epoch,
    openCount: machine.openCount,
    openRemainingMs,
    consecutiveFailures: tally.consecutive,
    waiters: parts.waiters,
    inFlight: admission.inFlight,
    windowCalls: tally.calls,
    windowFailures: tally.failures,
    windowSlow: tally.slow,
    failureRatio: ratio(tally.failures, tally.calls),
    slowRatio: ratio(tally.slow, tally.calls),
    ...(latency !== undefined && { latencyMs: latency }),
    ...(probeLatency !== undefined && { probeLatencyMs: probeLatency }),
  };
};
