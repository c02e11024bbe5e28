/** What a breaker counts. Counters never decrease and survive `reset()`. */
import type { Admission } from './admission.ts';
import type { LatencySummary } from './latency-histogram.ts';
import type { AutomaticState, State } from './state-machine.ts';
import { ratio } from './tally.ts';

/**
 * Every settlement counts under exactly one of `success`, `failure`, `ignored`, `staleSuccess`, `staleFailure`, `staleIgnored`
 * and `extraSettlements`.
 */
export interface BreakerCounters {
  success: number;
  failure: number;
  ignored: number;
  /** Of those that count, the calls that took `trip.slowMs` or longer, ended or not. */
  slow: number;
  /** Of the slow ones, those that were counted while they were running. */
  overdue: number;
  /** Calls ended by `callTimeoutMs`; each one is a failure, too. */
  timeouts: number;
  /** Results that came after their call had been ended by `callTimeoutMs`. */
  late: number;
  /** Results of an earlier epoch: counted, and without any effect. */
  staleSuccess: number;
  staleFailure: number;
  staleIgnored: number;
  /** A permit settled more often than it was given. */
  extraSettlements: number;
  /** Calls that ran in mode `observe` though the machine would have refused them. */
  wouldReject: number;
  rejectedOpen: number;
  rejectedProbesBusy: number;
  rejectedRamp: number;
  rejectedIsolated: number;
  rejectedBusy: number;
  probesStarted: number;
  probesSucceeded: number;
  probesFailed: number;
  probesIgnored: number;
  /** Probes given up when their lease was over. */
  probesExpired: number;
}

export interface BreakerStats extends Readonly<BreakerCounters> {
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
  /** How often each state was entered; the one it began in is no entry. */
  readonly transitions: Readonly<Record<State, number>>;
  /** Time in each state, the present one included. */
  readonly timeInStateMs: Readonly<Record<State, number>>;
  /** From opening to the next close; one that lasts is included in `outageMs`. */
  readonly outages: number;
  readonly outageMs: number;
  readonly lastOutageMs: number;
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

export const newCounters = (): BreakerCounters => ({
  success: 0,
  failure: 0,
  ignored: 0,
  slow: 0,
  overdue: 0,
  timeouts: 0,
  late: 0,
  staleSuccess: 0,
  staleFailure: 0,
  staleIgnored: 0,
  extraSettlements: 0,
  wouldReject: 0,
  rejectedOpen: 0,
  rejectedProbesBusy: 0,
  rejectedRamp: 0,
  rejectedIsolated: 0,
  rejectedBusy: 0,
  probesStarted: 0,
  probesSucceeded: 0,
  probesFailed: 0,
  probesIgnored: 0,
  probesExpired: 0,
});

const perState = (): Record<State, number> => ({
  closed: 0,
  open: 0,
  'half-open': 0,
  isolated: 0,
  disabled: 0,
  observe: 0,
});

/** How long a breaker was in which state, and how long the outages of its dependency lasted. */
export class StateTimes {
  readonly #entries = perState();
  readonly #spentMs = perState();
  #state: State;
  #sinceMs: number;
  #outageSinceMs: number | undefined;
  #outages = 0;
  #outageMs = 0;
  #lastOutageMs = 0;

  constructor(state: State, nowMs: number) {
    this.#state = state;
    this.#sinceMs = nowMs;
  }

  /** The breaker is now in `to`; answers how long it was in the state before. */
  enter(to: State, nowMs: number): number {
    const spentMs = nowMs - this.#sinceMs;
    this.#spentMs[this.#state] += spentMs;
    this.#entries[to] += 1;
    this.#state = to;
    this.#sinceMs = nowMs;
    if (to === 'open' && this.#outageSinceMs === undefined) {
      this.#outages += 1;
      this.#outageSinceMs = nowMs;
    } else if (to === 'closed' && this.#outageSinceMs !== undefined) {
      this.#lastOutageMs = nowMs - this.#outageSinceMs;
      this.#outageMs += this.#lastOutageMs;
      this.#outageSinceMs = undefined;
    }
    return spentMs;
  }

  /** The part of the statistics that this class knows; an outage that lasts is included. */
  read(nowMs: number): Pick<BreakerStats, 'transitions' | 'timeInStateMs' | 'outages' | 'outageMs' | 'lastOutageMs'> {
    const runningMs = nowMs - this.#sinceMs;
    return {
      transitions: { ...this.#entries },
      timeInStateMs: { ...this.#spentMs, [this.#state]: this.#spentMs[this.#state] + runningMs },
      outages: this.#outages,
      outageMs: this.#outageMs + (this.#outageSinceMs === undefined ? 0 : nowMs - this.#outageSinceMs),
      lastOutageMs: this.#lastOutageMs,
    };
  }
}

export interface StatsParts {
  readonly admission: Admission;
  readonly counters: BreakerCounters;
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
    ...parts.counters,
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
