import { isBusbarError } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import { BreakerQueueTimeoutError, CallRejectedError } from '../src/index.ts';
import { errorExamples } from './error-examples.ts';

describe('errors of the breaker', () => {
  test.each(Object.entries(errorExamples))('R-STD-4 %s is a family member with a message of its own', (code, error) => {
    expect(isBusbarError(error)).toBe(true);
    expect(error.code).toBe(code);
    expect(error.message).toContain('kafka');
  });

  test('R-STD-4 only a call that ran into its time limit has an unknown outcome', () => {
    const outcomes = Object.entries(errorExamples).map(([code, { outcome }]) => `${code} ${outcome}`);
    expect(outcomes.filter((one) => !one.endsWith('not-sent'))).toEqual([
      'BUSBAR_BREAKER_TIMEOUT unknown',
      'BUSBAR_BREAKER_FALLBACK_FAILED undefined',
    ]);
  });

  test('R-STD-4 "fn was not called" is one test for all refusals', () => {
    const refusals = Object.values(errorExamples).filter((error) => error instanceof CallRejectedError);
    expect(refusals.map(({ code }) => code)).toEqual([
      'BUSBAR_BREAKER_OPEN',
      'BUSBAR_BREAKER_ISOLATED',
      'BUSBAR_BREAKER_BUSY',
      'BUSBAR_BREAKER_QUEUE_FULL',
    ]);
    expect(new BreakerQueueTimeoutError({ breaker: 'x', limitMs: 1 })).not.toBeInstanceOf(CallRejectedError);
  });
});
