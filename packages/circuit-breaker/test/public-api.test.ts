import { expect, test } from 'vitest';

import * as degrade from '../src/degrade/index.ts';
import * as api from '../src/index.ts';
import * as presets from '../src/presets/index.ts';

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

test('R-STD-5 the exported names of /presets and /degrade are these', () => {
  expect(Object.keys(presets).toSorted()).toEqual(['classifyKafka', 'classifyPostgres', 'composeClassify']);
  expect(Object.keys(degrade)).toEqual(['createDegrader']);
});
