import { expect, test } from 'vitest';

import * as api from '../src/index.ts';

test('R-STD-5 the exported names are these', () => {
  expect(Object.keys(api).toSorted()).toEqual([
    'BREAKER_DEFAULTS',
    'BREAKER_LIMITS',
    'BreakerBusyError',
    'BreakerFallbackError',
    'BreakerIsolatedError',
    'BreakerOpenError',
    'BreakerOptionsError',
    'BreakerQueueFullError',
    'BreakerQueueTimeoutError',
    'BreakerRegistryFullError',
    'BreakerShutDownError',
    'BreakerTimeoutError',
    'CallRejectedError',
    'breakerProfiles',
    'createBreaker',
    'createBreakerRegistry',
    'detectProfile',
    'persistBreaker',
    'resolveBreakerOptions',
  ]);
});
