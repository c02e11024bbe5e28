/** Outcomes recorded since the breaker closed. Refused, ignored and stale calls are in none of them. */
export interface Tally {
  /** Failures since the last success. */
  readonly consecutive: number;
}

/** When a closed breaker opens. */
export interface TripRule {
  /** Failures in a row; 0 turns the rule off. */
  readonly consecutive: number;
}

export type TripCause = 'consecutive';

/** Whether the outcomes so far open the breaker, and by which rule; asked on each recorded failure, never on a success. */
export const decideTrip = (tally: Tally, rule: TripRule): TripCause | undefined => {
  if (rule.consecutive > 0 && tally.consecutive >= rule.consecutive) return 'consecutive';
  return undefined;
};
