/**
 * What a breaker counts. Counters never decrease and survive `reset()`.
 *
 * Most breakers of a process never see an outage, a stale result or a refusal: the counters of those are made when the first
 * one has to be counted.
 */

/**
 * Every settlement counts under exactly one of `success`, `failure`, `ignored`, `staleSuccess`, `staleFailure`, `staleIgnored`
 * and `extraSettlements`.
 */
export interface CommonCounts {
  success: number;
  failure: number;
  ignored: number;
  /** Of those that count, the calls that took `trip.slowMs` or longer, ended or not. */
  slow: number;
}

export interface RareCounts {
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

export interface BreakerCounters extends CommonCounts, RareCounts {}

const NONE: Readonly<RareCounts> = {
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
};

export class Counters implements CommonCounts {
  success = 0;
  failure = 0;
  ignored = 0;
  slow = 0;
  #rare: RareCounts | undefined;

  get rare(): RareCounts {
    this.#rare ??= { ...NONE };
    return this.#rare;
  }

  read(): BreakerCounters {
    const { success, failure, ignored, slow } = this;
    return { success, failure, ignored, slow, ...(this.#rare ?? NONE) };
  }
}
