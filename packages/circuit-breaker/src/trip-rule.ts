/** When a closed breaker opens (CB4). */

/** Outcomes recorded since the breaker closed. Refused, ignored and stale calls are in none of them. */
export interface TripTally {
  /** Failures since the last success. */
  readonly consecutive: number;
  /** Calls in the window. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

export interface TripRule {
  /** Failures in a row; 0 turns the rule off. */
  readonly consecutive: number;
  /** Share of failures in the window; 0 turns the rule off. */
  readonly failureRatio: number;
  /** Below so many calls in the window no ratio is looked at. */
  readonly minimumCalls: number;
  /** A call that takes so long is slow; 0: none is. */
  readonly slowMs: number;
  /** Share of slow calls in the window; 0 turns the rule off. */
  readonly slowRatio: number;
  /** Whether a call counts as slow while it is still running. */
  readonly countOverdue: boolean;
}

export type TripCause = 'consecutive' | 'failure-rate' | 'slow-rate';

/**
 * Whether the outcomes so far open the breaker, and by which rule. Asked on each failure and each slow call, never on a
 * success in time: one success more can only lower the rates. All bounds are inclusive.
 */
export const decideTrip = (tally: TripTally, rule: TripRule): TripCause | undefined => {
  if (rule.consecutive > 0 && tally.consecutive >= rule.consecutive) return 'consecutive';
  const { calls } = tally;
  if (calls < rule.minimumCalls) return undefined;
  if (rule.failureRatio > 0 && tally.failures / calls >= rule.failureRatio) return 'failure-rate';
  if (rule.slowRatio > 0 && tally.slow / calls >= rule.slowRatio) return 'slow-rate';
  return undefined;
};
