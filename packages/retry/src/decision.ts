import { findError, isRetryable, outcomeOf, retryAfterMsOf } from '@busbar/errors';

import type { Attempt } from './attempt.ts';

/** What to do after a failed attempt: try again, give up, or try again not before that many milliseconds. */
export type Decision = 'retry' | 'stop' | { readonly retryAfterMs: number };

/** The decision of a caller instead of ours. Throwing from it ends the loop with what it throws. */
export type Decide = (error: unknown, attempt: Attempt) => Decision;

/** A decision with the waiting time worked out. */
export type Verdict = { readonly retry: false } | { readonly retry: true; readonly floorMs: number };

export interface DecisionRules {
  readonly decide: Decide | undefined;
  readonly retryUnknown: boolean;
}

const STOP: Verdict = { retry: false };

/**
 * Judges a failed attempt. Without a `decide`, in this order: an inner loop that gave up → stop, since loops that repeat
 * each other multiply; outcome unknown → stop, unless allowed, since a duplicate must be somebody's decision; else whether
 * the error is retryable. A hint of the decision or of the error is a floor for the delay.
 */
export const judge = (error: unknown, attempt: Attempt, rules: DecisionRules): Verdict => {
  const decision = rules.decide === undefined ? defaultDecision(error, rules) : rules.decide(error, attempt);
  if (decision === 'retry') return { retry: true, floorMs: retryAfterMsOf(error) ?? 0 };
  if (decision === 'stop') return STOP;
  return { retry: true, floorMs: decision.retryAfterMs > 0 ? decision.retryAfterMs : 0 };
};

const defaultDecision = (error: unknown, rules: DecisionRules): Decision => {
  if (findError(error, 'BUSBAR_RETRY_EXHAUSTED') !== undefined) return 'stop';
  if (!rules.retryUnknown && outcomeOf(error) === 'unknown') return 'stop';
  return isRetryable(error) ? 'retry' : 'stop';
};
