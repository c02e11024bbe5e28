/** One instance of each error class, by code: exhaustive by its type. */
import {
  type BreakerErrorCode,
  BreakerIsolatedError,
  BreakerOpenError,
  BreakerOptionsError,
  BreakerQueueFullError,
  BreakerQueueTimeoutError,
  type BreakerRefusal,
  BreakerShutDownError,
} from '../src/index.ts';

const refusal: BreakerRefusal = { breaker: 'kafka', state: 'open', reason: 'open', retryAfterMs: 800, openCount: 1 };

export const errorExamples = {
  BUSBAR_BREAKER_OPEN: new BreakerOpenError(refusal),
  BUSBAR_BREAKER_ISOLATED: new BreakerIsolatedError({
    ...refusal,
    state: 'isolated',
    reason: 'isolated',
    retryAfterMs: 0,
    because: 'maintenance',
  }),
  BUSBAR_BREAKER_QUEUE_FULL: new BreakerQueueFullError({ breaker: 'kafka', limit: 1_000 }),
  BUSBAR_BREAKER_QUEUE_TIMEOUT: new BreakerQueueTimeoutError({ breaker: 'kafka', limitMs: 5_000 }),
  BUSBAR_BREAKER_OPTIONS: new BreakerOptionsError({
    breaker: 'kafka',
    issues: [{ path: 'trip.consecutive', problem: 'must be an integer from 0 to 1000, is -1' }],
  }),
  BUSBAR_BREAKER_SHUT_DOWN: new BreakerShutDownError({ breaker: 'kafka' }),
} satisfies { readonly [C in BreakerErrorCode]: { readonly code: C } };
