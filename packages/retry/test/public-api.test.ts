import * as retry from '@busbar/retry';
import { expect, it } from 'vitest';

it('R-STD-5 @busbar/retry exports exactly these names', () => {
  expect(Object.keys(retry).toSorted()).toEqual([
    'BACKOFF_DEFAULTS',
    'BUDGET_DEFAULTS',
    'MAX_TIMER_MS',
    'RETRY_DEFAULTS',
    'RetriesExhaustedError',
    'RetryOptionsError',
    'createRetryBudget',
    'createRetryPolicy',
    'deadlineAfter',
    'nextDelayMs',
    'resolveBackoff',
    'retry',
    'sleep',
    'systemClock',
    'systemTimers',
  ]);
});
