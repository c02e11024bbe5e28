/** One instance of each error class, by code: exhaustive by its type. */
import {
  BreakerBusyError,
  type BreakerErrorCode,
  BreakerFallbackError,
  BreakerIsolatedError,
  BreakerOpenError,
  BreakerOptionsError,
  BreakerQueueFullError,
  BreakerQueueTimeoutError,
  type BreakerRefusal,
  BreakerRegistryFullError,
  BreakerShutDownError,
  BreakerTimeoutError,
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
  BUSBAR_BREAKER_BUSY: new BreakerBusyError({ ...refusal, state: 'closed', reason: 'busy', retryAfterMs: 0 }),
  BUSBAR_BREAKER_QUEUE_FULL: new BreakerQueueFullError({ breaker: 'kafka', limit: 1_000 }),
  BUSBAR_BREAKER_QUEUE_TIMEOUT: new BreakerQueueTimeoutError({ breaker: 'kafka', limitMs: 5_000 }),
  BUSBAR_BREAKER_TIMEOUT: new BreakerTimeoutError({ breaker: 'kafka', limitMs: 30_000 }),
  BUSBAR_BREAKER_FALLBACK_FAILED: new BreakerFallbackError(
    { breaker: 'kafka', refused: true },
    {
      cause: new Error('the file system is full'),
      errors: [new BreakerOpenError(refusal), new Error('the file system is full')],
    },
  ),
  BUSBAR_BREAKER_REGISTRY_FULL: new BreakerRegistryFullError({ breaker: 'kafka', limit: 100 }),
  BUSBAR_BREAKER_OPTIONS: new BreakerOptionsError({
    breaker: 'kafka',
    issues: [{ path: 'trip.consecutive', problem: 'must be an integer from 0 to 1000, is -1' }],
  }),
  BUSBAR_BREAKER_SHUT_DOWN: new BreakerShutDownError({ breaker: 'kafka' }),
} satisfies { readonly [C in BreakerErrorCode]: { readonly code: C } };
