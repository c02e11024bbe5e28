// How long to wait before a retry: pure functions of the number of the retry, the previous delay and a random number.
//
// With d = min(maxMs, baseMs * factor^(retry - 1)) and r in [0, 1):
//   full          r * d                      many clients of one server: the widest spread, mean d / 2
//   equal         d / 2 + r * d / 2          where a floor is wanted, mean 3 d / 4
//   decorrelated  baseMs + r * (max(baseMs, 3 * previousMs) - baseMs), at most maxMs
//   none          d                          a single client, tests
// The three jitters are those of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).

import { MAX_TIMER_MS } from './clock.ts';
import { type OptionIssues, optionIssues } from './option-issues.ts';

export type Jitter = 'none' | 'full' | 'equal' | 'decorrelated';

export interface BackoffOptions {
  /** Delay before the first retry, without jitter. Default: 100 ms. Range: 1..maxMs. */
  readonly baseMs?: number;
  /** Growth per retry. Default: 2. Range: 1..10. */
  readonly factor?: number;
  /** Longest delay. Default: 5_000 ms. Range: baseMs..2_147_483_647. A hint of the server is not cut by it. */
  readonly maxMs?: number;
  /** How the delay is spread. Default: `full`. */
  readonly jitter?: Jitter;
}

/** Validated options, frozen. Made by `resolveBackoff`. */
export interface Backoff {
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: Jitter;
}

export interface BackoffStep {
  /** Number of the retry, from 1. */
  readonly retry: number;
  /** The delay before the previous retry; `baseMs` before the first. Only `decorrelated` reads it. */
  readonly previousMs: number;
}

export const BACKOFF_DEFAULTS: Backoff = Object.freeze({ baseMs: 100, factor: 2, maxMs: 5_000, jitter: 'full' });

const JITTERS: readonly Jitter[] = ['none', 'full', 'equal', 'decorrelated'];

/**
 * Validates and fills in the options of a backoff.
 * @throws {@link RetryOptionsError} with every problem.
 */
export const resolveBackoff = (options: BackoffOptions = {}): Backoff => {
  const issues = optionIssues();
  const backoff = backoffOf(options, '', issues);
  issues.throwIfAny();
  return backoff;
};

/** The backoff with its problems noted instead of thrown; `path` is put in front of the option names. */
export const backoffOf = (options: BackoffOptions, path: string, issues: OptionIssues): Backoff => {
  issues.keys(path, options, Object.keys(BACKOFF_DEFAULTS));
  const limits = { min: 1, max: MAX_TIMER_MS };
  const baseMs = issues.number(`${path}baseMs`, options.baseMs, { ...limits, default: BACKOFF_DEFAULTS.baseMs });
  const factor = issues.number(`${path}factor`, options.factor, { min: 1, max: 10, default: BACKOFF_DEFAULTS.factor });
  const maxMs = issues.number(`${path}maxMs`, options.maxMs, { ...limits, default: BACKOFF_DEFAULTS.maxMs });
  const jitter = issues.choice(`${path}jitter`, options.jitter, { allowed: JITTERS, default: BACKOFF_DEFAULTS.jitter });
  if (baseMs > maxMs) issues.add(`${path}baseMs`, `must not be greater than maxMs, which is ${maxMs}`);
  return Object.freeze({ baseMs, factor, maxMs, jitter });
};

type Draw = (backoff: Backoff, step: BackoffStep, random: () => number) => number;

/** The power may overflow: `min` takes the Infinity away. */
const unspread: Draw = ({ baseMs, factor, maxMs }, { retry }) => Math.min(maxMs, baseMs * factor ** (retry - 1));

const DRAWS: Readonly<Record<Jitter, Draw>> = {
  none: unspread,
  full: (backoff, step, random) => random() * unspread(backoff, step, random),
  equal: (backoff, step, random) => ((1 + random()) * unspread(backoff, step, random)) / 2,
  decorrelated: ({ baseMs, maxMs }, { previousMs }, random) => {
    const upperMs = Math.max(baseMs, 3 * previousMs);
    return Math.min(maxMs, baseMs + random() * (upperMs - baseMs));
  },
};

/** The delay before a retry in milliseconds: within the bounds of its row above, never negative, never above `maxMs`. */
export const nextDelayMs = (backoff: Backoff, step: BackoffStep, random: () => number): number =>
  DRAWS[backoff.jitter](backoff, step, random);
