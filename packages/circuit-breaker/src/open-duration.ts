/**
 * How long a breaker stays open: exponential in the number of openings since it was last well, with equal jitter.
 *
 * "Equal" keeps half of the time as a floor: with full jitter an unlucky draw near 0 would probe a dead dependency at once.
 * The count is forgotten only after the breaker has *stayed* closed, so a dependency that flaps keeps backing off.
 */
import { type Backoff, nextDelayMs } from '@busbar/retry';

export interface OpenPolicy extends Backoff {
  readonly jitter: 'none' | 'equal';
  /** How long it must have stayed closed for the count to start again; `undefined`: the last open duration before jitter. */
  readonly resetAfterMs: number | undefined;
}

/** What the next open duration depends on. */
export interface Openings {
  /** Openings since the breaker was last well for long enough. */
  readonly count: number;
  /** The last open duration before jitter; 0 if it never opened. */
  readonly lastMs: number;
  /** When it last closed, on the breaker's clock. */
  readonly closedAtMs: number;
}

export interface Opening {
  readonly count: number;
  /** Before jitter. */
  readonly nominalMs: number;
  /** After jitter: half of the nominal time to all of it. */
  readonly openForMs: number;
}

/** The count before this opening: 0 again if the breaker had been well for long enough. Only an opening from closed may forget. */
export const openCountBefore = (
  openings: Openings,
  policy: OpenPolicy,
  trip: { nowMs: number; fromClosed: boolean },
): number => {
  if (!trip.fromClosed) return openings.count;
  const resetAfterMs = policy.resetAfterMs ?? openings.lastMs;
  return trip.nowMs - openings.closedAtMs >= resetAfterMs ? 0 : openings.count;
};

/** The duration of the n-th opening before jitter; 0 where n is 0. */
export const nominalMsOf = (count: number, policy: OpenPolicy): number =>
  count === 0 ? 0 : Math.min(policy.maxMs, policy.baseMs * policy.factor ** (count - 1));

/** The opening that follows `countBefore` others. */
export const openingAfter = (countBefore: number, policy: OpenPolicy, random: () => number): Opening => {
  const count = countBefore + 1;
  const openForMs = nextDelayMs(policy, { retry: count, previousMs: 0 }, random);
  return { count, nominalMs: nominalMsOf(count, policy), openForMs };
};
