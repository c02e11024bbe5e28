/** What a breaker counts. Counters never decrease and survive `reset()`. */
import type { AutomaticState, State } from './state-machine.ts';

/** Every settlement counts under exactly one of the seven headings from `success` to `extraSettlements`. */
export interface BreakerCounters {
  success: number;
  failure: number;
  ignored: number;
  /** Results of an earlier epoch: counted, and without any effect. */
  staleSuccess: number;
  staleFailure: number;
  staleIgnored: number;
  /** A permit settled more often than it was given. */
  extraSettlements: number;
  rejectedOpen: number;
  rejectedProbesBusy: number;
  rejectedIsolated: number;
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
  /** How often each state was entered; the first `closed` is not an entry. */
  readonly transitions: Readonly<Record<State, number>>;
  /** Time in each state, the present one included. */
  readonly timeInStateMs: Readonly<Record<State, number>>;
  /** From opening to the next close. */
  readonly outages: number;
  readonly outageMs: number;
  readonly lastOutageMs: number;
}

export const newCounters = (): BreakerCounters => ({
  success: 0,
  failure: 0,
  ignored: 0,
  staleSuccess: 0,
  staleFailure: 0,
  staleIgnored: 0,
  extraSettlements: 0,
  rejectedOpen: 0,
  rejectedProbesBusy: 0,
  rejectedIsolated: 0,
  probesStarted: 0,
  probesSucceeded: 0,
  probesFailed: 0,
  probesIgnored: 0,
  probesExpired: 0,
});

const perState = (): Record<State, number> => ({ closed: 0, open: 0, 'half-open': 0, isolated: 0 });

/** How long a breaker was in which state, and how long the outages of its dependency lasted. */
export class StateTimes {
  readonly #entries = perState();
  readonly #spentMs = perState();
  #state: State = 'closed';
  #sinceMs: number;
  #outageSinceMs: number | undefined;
  #outages = 0;
  #outageMs = 0;
  #lastOutageMs = 0;

  constructor(nowMs: number) {
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
