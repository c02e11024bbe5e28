import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { describe, expect, test } from 'vitest';

import {
  compare,
  estimateMedian,
  floorOf,
  median,
  medianDeviation,
  quantile,
  verdictOf,
} from '../../src/harness/compare.ts';

const ROUNDS = 20;
const SERIES = 600;
const RESAMPLES = 1000;
const NOISE = 0.05;

/** A normal deviate, by the polar form of Box and Muller. */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Rounds of [ours, reference] with 5 % noise on their ratio, and a tenth of the rounds four times as noisy (BM-10). */
const simulate = (truth: number, random: () => number): (readonly [number, number])[] =>
  Array.from({ length: ROUNDS }, () => {
    const spread = random() < 0.1 ? 4 * NOISE : NOISE;
    const reference = 100 * Math.exp(0.3 * normal(random));
    return [reference * truth * Math.exp(spread * normal(random)), reference] as const;
  });

const shareOf = (
  truth: number,
  holds: (result: ReturnType<typeof compare>, random: () => number) => boolean,
): number => {
  const random = seededRandom(20_240_501);
  let count = 0;
  for (let series = 0; series < SERIES; series += 1) {
    const result = compare(simulate(truth, random), { seed: series, resamples: RESAMPLES });
    if (holds(result, random)) count += 1;
  }
  return count / SERIES;
};

/** The verdict against the floor of an A/A run of its own. */
const verdictOn = (result: ReturnType<typeof compare>, random: () => number): string =>
  verdictOf(result, floorOf(compare(simulate(1, random), { seed: 1, resamples: RESAMPLES })), 'smaller');

describe('comparison of two arms', () => {
  test('R-PR-1 BM-10 the interval covers the true ratio in 91 to 97 % of runs', () => {
    const share = shareOf(1.8, ({ lower, upper }) => lower <= 1.8 && 1.8 <= upper);
    expect(share).toBeGreaterThanOrEqual(0.91);
    expect(share).toBeLessThanOrEqual(0.97);
  });

  test('R-PR-1 BM-11 identical arms are within noise in at least 97 % of runs', () => {
    expect(shareOf(1, (result, random) => verdictOn(result, random) === 'within noise')).toBeGreaterThanOrEqual(0.97);
  });

  test('R-PR-1 BM-10 a planted slowdown of 10 % is found in at least 99 % of runs of 20 rounds', () => {
    expect(shareOf(1.1, (result, random) => verdictOn(result, random) === 'slower')).toBeGreaterThanOrEqual(0.99);
  });

  test('R-PR-1 BM-10 equal seeds give equal intervals, and the ratio turns over with the arms', () => {
    const rounds = simulate(2, seededRandom(7));
    const once = compare(rounds, { seed: 3, resamples: RESAMPLES });
    expect(compare(rounds, { seed: 3, resamples: RESAMPLES })).toEqual(once);
    const turned = compare(
      rounds.map(([ours, reference]) => [reference, ours] as const),
      { seed: 3, resamples: RESAMPLES },
    );
    expect(turned.ratio).toBeCloseTo(1 / once.ratio, 9);
    expect(turned.lower).toBeCloseTo(1 / once.upper, 1);
  });

  test('R-PR-1 BM-10 what is no number is refused and not averaged away', () => {
    const options = { seed: 1, resamples: RESAMPLES };
    expect(() => compare([[1, 0]], options)).toThrow(RangeError);
    expect(() => estimateMedian([], options)).toThrow(RangeError);
    expect(() => estimateMedian([1, Number.NaN], options)).toThrow('no median can be estimated of [1, NaN]');
  });
});

describe('verdict', () => {
  const slower = { ratio: 1.1, lower: 1.05, upper: 1.2 };
  const faster = { ratio: 0.9, lower: 0.85, upper: 0.95 };

  test.each([
    ['an interval that excludes 1 and a difference over the floor', slower, 0.05, 'smaller', 'slower'],
    ['the same below 1', faster, 0.05, 'smaller', 'faster'],
    ['a bigger value where bigger is better', slower, 0.05, 'bigger', 'faster'],
    ['a smaller value where bigger is better', faster, 0.05, 'bigger', 'slower'],
    ['a difference that does not exceed the floor', slower, 0.1001, 'smaller', 'within noise'],
    ['an interval that holds 1', { ratio: 1.1, lower: 0.99, upper: 1.2 }, 0.05, 'smaller', 'within noise'],
  ] as const)('R-PR-1 BM-11 %s', (...[, interval, floor, direction, verdict]) => {
    expect(verdictOf(interval, floor, direction)).toBe(verdict);
  });

  test('R-PR-1 BM-11 the floor is the end of the A/A interval that is farther from 1', () => {
    expect(floorOf({ lower: 0.97, upper: 1.01 })).toBeCloseTo(0.03);
    expect(floorOf({ lower: 0.99, upper: 1.04 })).toBeCloseTo(0.04);
  });
});

test('R-PR-1 BM-9 median, quantile and median deviation of small sets', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
  expect(quantile([5, 1, 4, 2, 3], 0.5)).toBe(3);
  expect(quantile([1, 2, 3], 0)).toBe(1);
  expect(quantile([1, 2, 3], 1)).toBe(3);
  expect(medianDeviation([1, 2, 3, 100])).toBe(1);
});
