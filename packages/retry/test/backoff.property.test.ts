import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { type Jitter, nextDelayMs, resolveBackoff } from '@busbar/retry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const options = fc
  .record({
    baseMs: fc.integer({ min: 1, max: 10_000 }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    extraMs: fc.integer({ min: 0, max: 1_000_000 }),
    jitter: fc.constantFrom<Jitter>('none', 'full', 'equal', 'decorrelated'),
  })
  .map(({ baseMs, factor, extraMs, jitter }) => ({ baseMs, factor, maxMs: baseMs + extraMs, jitter }));

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('backoff properties', () => {
  it('every delay is within the bounds of its jitter, for any options, retry and random number', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 2_000 }), fc.integer(), (given, retry, seed) => {
        const backoff = resolveBackoff(given);
        const random = seededRandom(seed);
        const d = Math.min(given.maxMs, given.baseMs * given.factor ** (retry - 1));
        const lower = { none: d, full: 0, equal: d / 2, decorrelated: given.baseMs }[given.jitter];
        const upper = { none: d, full: d, equal: d, decorrelated: given.maxMs }[given.jitter];
        let previousMs = given.baseMs;
        for (let i = 0; i < 20; i += 1) {
          const delayMs = nextDelayMs(backoff, { retry, previousMs }, random);
          expect(delayMs).toBeGreaterThanOrEqual(lower);
          expect(delayMs).toBeLessThanOrEqual(upper);
          previousMs = delayMs;
        }
      }),
    );
  });

  it('equal seeds give equal delays', () => {
    fc.assert(
      fc.property(options, fc.integer(), (given, seed) => {
        const series = (): number[] => {
          const random = seededRandom(seed);
          const backoff = resolveBackoff(given);
          return [1, 2, 3, 4, 5].map((retry) => nextDelayMs(backoff, { retry, previousMs: given.baseMs }, random));
        };
        expect(series()).toEqual(series());
      }),
    );
  });

  it('the mean of full jitter is half of the delay, that of equal jitter three quarters', () => {
    for (const [jitter, expected] of [
      ['full', 500],
      ['equal', 750],
    ] as const) {
      const random = seededRandom(7);
      const backoff = resolveBackoff({ baseMs: 1_000, jitter });
      const delays = Array.from({ length: 20_000 }, () => nextDelayMs(backoff, { retry: 1, previousMs: 0 }, random));
      expect(mean(delays)).toBeGreaterThan(expected * 0.98);
      expect(mean(delays)).toBeLessThan(expected * 1.02);
    }
  });

  it('a thousand clients that fail together spread over the slots with full jitter, and stay together without', () => {
    const fullestSlot = (jitter: Jitter): number => {
      const random = seededRandom(11);
      const backoff = resolveBackoff({ baseMs: 100, jitter });
      const slots = new Map<number, number>();
      for (let client = 0; client < 1_000; client += 1) {
        const first = nextDelayMs(backoff, { retry: 1, previousMs: 100 }, random);
        const atMs = first + nextDelayMs(backoff, { retry: 2, previousMs: first }, random);
        const slot = Math.floor(atMs / 10);
        slots.set(slot, (slots.get(slot) ?? 0) + 1);
      }
      return Math.max(...slots.values());
    };
    expect(fullestSlot('full')).toBeLessThanOrEqual(3 * (1_000 / 30)); // 300 ms in slots of 10 ms
    expect(fullestSlot('none')).toBe(1_000);
  });
});
