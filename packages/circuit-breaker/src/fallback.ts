/** What is done instead of a call that was refused, or that failed. It runs outside the breaker and is not counted. */
import { combineOutcomes, isRetryable, outcomeOf } from '@busbar/errors';

import type { FallbackOptions } from './breaker.ts';
import { BreakerFallbackError } from './errors.ts';
import { started } from './protected-function.ts';

export interface Primary {
  readonly breaker: string;
  readonly error: unknown;
  /** The call was refused: the function did not run. */
  readonly refused: boolean;
}

/** Runs the fallback, once. @throws {@link BreakerFallbackError} when it throws; both errors are in it. */
export const fallBack = async <F>(options: FallbackOptions<F>, { breaker, error, refused }: Primary): Promise<F> => {
  try {
    return await started(() => options.fallback(error, { refused }));
  } catch (second) {
    const outcome = combineOutcomes(outcomeOf(error), outcomeOf(second));
    throw new BreakerFallbackError(
      { breaker, refused },
      {
        cause: second,
        errors: [error, second],
        retryable: isRetryable(second),
        ...(outcome !== undefined && { outcome }),
      },
    );
  }
};
