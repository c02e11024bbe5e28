/**
 * The statistics of a run, pure.
 *
 * A round gives one value per arm, measured side by side, so what is judged is always a value *per round* (a ratio of two
 * arms, a difference): what disturbs a round disturbs all its arms. The estimate is the median over rounds, which single
 * disturbed rounds do not move, and its 95 % interval the percentile bootstrap over rounds (BM-10). Means, and errors of
 * means, say nothing on such data.
 */
import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';

export interface BootstrapOptions {
  /** Equal seeds give equal intervals. */
  readonly seed: number;
  readonly resamples: number;
}

export interface Estimate {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

export type Verdict = 'faster' | 'slower' | 'within noise';

const INTERVAL_TAIL = 0.025;

const ascending = (values: readonly number[]): Float64Array => Float64Array.from(values).toSorted();

/** The value at a share (0..1) of the sorted values, by nearest rank. NaN if there are none. */
export const quantile = (values: readonly number[], share: number): number =>
  ascending(values)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? Number.NaN;

/** The middle value, or the mean of the two middle ones. NaN if there are none. */
export const median = (values: readonly number[]): number => {
  const sorted = ascending(values);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
};

/** The median distance from the median. */
export const medianDeviation = (values: readonly number[]): number => {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
};

/** The median of as many draws as there are values. Drawn ranks are counted, not sorted: this is all a run computes. */
const resampledMedian = (sorted: Float64Array, random: () => number): number => {
  const size = sorted.length;
  const drawn = new Uint32Array(size);
  for (let draw = 0; draw < size; draw += 1) {
    const rank = Math.floor(random() * size);
    drawn[rank] = (drawn[rank] ?? 0) + 1;
  }
  const at = (place: number): number => {
    let rank = 0;
    for (let seen = drawn[0] ?? 0; seen <= place; seen += drawn[rank] ?? 0) rank += 1;
    return sorted[rank] ?? Number.NaN;
  };
  const half = size / 2;
  return (at(Math.ceil(half) - 1) + at(Math.floor(half))) / 2;
};

/** The median with its 95 % interval. @throws RangeError if there are no values, or one is not finite */
export const estimateMedian = (values: readonly number[], { seed, resamples }: BootstrapOptions): Estimate => {
  if (values.length === 0 || !values.every((value) => Number.isFinite(value)))
    throw new RangeError(`no median can be estimated of [${values.join(', ')}]`);
  const random = seededRandom(seed);
  const sorted = ascending(values);
  const medians = Array.from({ length: resamples }, () => resampledMedian(sorted, random));
  return {
    value: median(values),
    lower: quantile(medians, INTERVAL_TAIL),
    upper: quantile(medians, 1 - INTERVAL_TAIL),
  };
};

/**
 * How many times the reference ours takes, from rounds of [ours, reference]: the median of the logarithms of the ratios,
 * so that halves and doubles weigh the same. @throws RangeError if there are no rounds, or a value is not positive
 */
export const compare = (
  rounds: readonly (readonly [number, number])[],
  options: BootstrapOptions,
): { ratio: number; lower: number; upper: number } => {
  const { value, lower, upper } = estimateMedian(
    rounds.map(([ours, reference]) => Math.log(ours / reference)),
    options,
  );
  return { ratio: Math.exp(value), lower: Math.exp(lower), upper: Math.exp(upper) };
};

/** The A/A floor that a comparison of identical arms sets: how far its interval reaches from 1 (BM-11). */
export const floorOf = ({ lower, upper }: { lower: number; upper: number }): number =>
  Math.max(Math.abs(lower - 1), Math.abs(upper - 1));

/** Different only if the interval excludes 1 and the difference exceeds the floor (BM-11). */
export const verdictOf = (
  { ratio, lower, upper }: { ratio: number; lower: number; upper: number },
  floor: number,
  direction: 'smaller' | 'bigger',
): Verdict => {
  const excludesOne = lower > 1 || upper < 1;
  if (!excludesOne || Math.abs(ratio - 1) <= floor) return 'within noise';
  return ratio < 1 === (direction === 'smaller') ? 'faster' : 'slower';
};
