import { nextDelayMs, resolveBackoff, RetryOptionsError } from '@busbar/retry';
import { describe, expect, it } from 'vitest';

const delays = (jitter: 'none' | 'full' | 'equal', random: () => number): number[] =>
  [1, 2, 3, 4].map((retry) =>
    nextDelayMs(resolveBackoff({ baseMs: 100, maxMs: 500, jitter }), { retry, previousMs: 100 }, random),
  );

describe('backoff', () => {
  it('grows by the factor up to the maximum without jitter', () => {
    expect(delays('none', () => 0.5)).toEqual([100, 200, 400, 500]);
  });

  it('spreads full jitter over the whole delay', () => {
    expect(delays('full', () => 0)).toEqual([0, 0, 0, 0]);
    expect(delays('full', () => 0.5)).toEqual([50, 100, 200, 250]);
  });

  it('keeps half of the delay as the floor of equal jitter', () => {
    expect(delays('equal', () => 0)).toEqual([50, 100, 200, 250]);
    expect(delays('equal', () => 0.5)).toEqual([75, 150, 300, 375]);
  });

  it('draws decorrelated jitter between the base and three times the previous delay', () => {
    const backoff = resolveBackoff({ baseMs: 100, maxMs: 1_000, jitter: 'decorrelated' });
    expect(nextDelayMs(backoff, { retry: 1, previousMs: 100 }, () => 0)).toBe(100);
    expect(nextDelayMs(backoff, { retry: 1, previousMs: 100 }, () => 0.5)).toBe(200);
    expect(nextDelayMs(backoff, { retry: 2, previousMs: 200 }, () => 0.5)).toBe(350);
    expect(nextDelayMs(backoff, { retry: 3, previousMs: 900 }, () => 0.9)).toBe(1_000);
    expect(nextDelayMs(backoff, { retry: 3, previousMs: 1 }, () => 0.9)).toBe(100);
  });

  it('survives an overflow of the power', () => {
    const backoff = resolveBackoff({ factor: 10, jitter: 'none' });
    expect(nextDelayMs(backoff, { retry: 1_000, previousMs: 0 }, () => 0)).toBe(5_000);
  });

  it('fills in the defaults, frozen, and keeps no reference to the options', () => {
    const options = { baseMs: 10 };
    const backoff = resolveBackoff(options);
    options.baseMs = 20;
    expect(backoff).toEqual({ baseMs: 10, factor: 2, maxMs: 5_000, jitter: 'full' });
    expect(Object.isFrozen(backoff)).toBe(true);
    expect(resolveBackoff()).toEqual({ baseMs: 100, factor: 2, maxMs: 5_000, jitter: 'full' });
  });

  it('R-STD-3 names every invalid option of a backoff at once', () => {
    const options = { baseMs: 0, factor: 11, maxMs: 2_147_483_648, jitter: 'some', cap: 1 };
    const resolve = (): unknown => Reflect.apply(resolveBackoff, undefined, [options]);
    expect(resolve).toThrow(RetryOptionsError);
    expect(resolve).toThrow(
      expect.objectContaining({
        details: {
          issues: [
            { path: 'cap', problem: 'is not an option' },
            { path: 'baseMs', problem: 'must be 1..2147483647' },
            { path: 'factor', problem: 'must be 1..10' },
            { path: 'maxMs', problem: 'must be 1..2147483647' },
            { path: 'jitter', problem: 'must be one of none, full, equal, decorrelated' },
          ],
        },
      }),
    );
  });

  it('refuses a base above the maximum and numbers that are none', () => {
    expect(() => resolveBackoff({ baseMs: 200, maxMs: 100 })).toThrow('must not be greater than maxMs, which is 100');
    expect(() => resolveBackoff({ baseMs: Number.NaN })).toThrow('baseMs: must be 1..2147483647');
  });
});
