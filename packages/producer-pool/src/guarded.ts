import { retryAfterMsOf } from '@busbar/errors';

import type { ProducerErrorDetails } from './errors.ts';
import { ProducerUnavailableError } from './errors.ts';
import type { CallGuard } from './options.ts';

/** What came of something done behind the guard. */
export type Guarded<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'failed'; readonly error: unknown }
  /** The guard did not let it happen: nothing was sent. */
  | { readonly type: 'refused'; readonly error: ProducerUnavailableError };

/**
 * Runs `fn` behind the guard, if there is one. What `fn` itself did decides, not what the guard makes of it: a guard with a timeout of
 * its own may give up while the call is still on its way.
 */
export const guarded = async <T>(
  guard: CallGuard | undefined,
  fn: () => Promise<T>,
  details: ProducerErrorDetails,
): Promise<Guarded<T>> => {
  let outcome: Promise<Guarded<T>> | undefined;
  const observed = (): Promise<Guarded<T>> => {
    outcome ??= fn().then(
      (value): Guarded<T> => ({ type: 'done', value }),
      (error: unknown): Guarded<T> => ({ type: 'failed', error }),
    );
    return outcome;
  };
  if (guard === undefined) return observed();
  let refusal: unknown;
  try {
    await guard.execute(async () => {
      const result = await observed();
      if (result.type === 'failed') throw result.error;
    });
  } catch (error) {
    refusal = error;
  }
  if (outcome !== undefined) return outcome;
  const retryAfterMs = retryAfterMsOf(refusal);
  const init = { cause: refusal, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return { type: 'refused', error: new ProducerUnavailableError(details, 'the guard refuses calls', init) };
};
