/** What a degrader is to do, and how its options are checked. */
import { systemTimers, type Timers } from '@busbar/retry';

import { type BreakerOptionIssue, BreakerOptionsError } from '../errors.ts';
import {
  choiceIssue,
  functionIssue,
  type NumberRule,
  numberIssue,
  stated,
  unknownKeyIssues,
  valueAt,
} from '../option-checks.ts';
import type { DeadLetter, DeadLetterLimits } from './dead-letters.ts';

export interface RunContext {
  readonly signal: AbortSignal | undefined;
  /** How long the call was held; 0 if it ran at once. */
  readonly queuedMs: number;
  /** It is the replay of a dead letter. */
  readonly replay: boolean;
}

export interface HoldOptions<P> {
  /** Most calls held. Default: 1_000. Range: 1..1_000_000. */
  readonly maxCalls?: number;
  /** Most bytes held, as `sizeOf` says. Default: 16_777_216. Range: 1..1_073_741_824. */
  readonly maxBytes?: number;
  /** Bytes of a payload. Default: 0, so that only calls are counted. */
  readonly sizeOf?: (payload: P) => number;
  /** How long a call may be held. Default: 30_000 ms. Range: 1..3_600_000. */
  readonly maxWaitMs?: number;
  /** Calls of one key keep their order and do not overlap. Default: no keys. */
  readonly orderKey?: (payload: P) => string;
  /** How many held calls may run at a time. Default: 1. Range: 1..1_000. */
  readonly drainConcurrency?: number;
  /** What to do when a run may have had its effect. Default: `fail`, the caller decides; `retry` may do it twice. */
  readonly onUnknown?: 'fail' | 'retry';
}

export interface DegradeOptions<P, T> {
  /** Does the work, through the breaker. */
  readonly run: (payload: P, context: RunContext) => T | PromiseLike<T>;
  /** What becomes of a call that the breaker refuses. Default: `fail-fast`. A queue dies with the process. */
  readonly whenRefused?: 'fail-fast' | 'divert' | 'queue';
  /** With `divert`: does the work another way. Runs outside the breaker, once at most. */
  readonly divert?: (payload: P, error: unknown) => T | PromiseLike<T>;
  /** Default: `refused`. With `refused-or-failed` the payload may have been applied already: it must carry its own id. */
  readonly divertOn?: 'refused' | 'refused-or-failed';
  /** With `queue`. */
  readonly queue?: HoldOptions<P>;
  readonly deadLetters?: {
    /** Most letters kept. Default: 1_000. Range: 0..1_000_000. */
    readonly max?: number;
    /** How long a letter is kept. Default: 3_600_000 ms. Range: 1_000..604_800_000. */
    readonly ttlMs?: number;
    readonly onDrop?: (letter: DeadLetter<P>, reason: 'overflow' | 'ttl') => void;
  };
  readonly timers?: Timers;
  readonly random?: () => number;
}

export type HoldSettings<P> = Required<Omit<HoldOptions<P>, 'orderKey'>> & Pick<HoldOptions<P>, 'orderKey'>;

/** What becomes of a call that the breaker refuses, with what is needed for it. */
export type WhenRefused<P, T> =
  | { readonly kind: 'fail-fast' }
  | {
      readonly kind: 'divert';
      readonly divert: (payload: P, error: unknown) => T | PromiseLike<T>;
      /** Also a call that ran and failed. */
      readonly alsoFailed: boolean;
    }
  | { readonly kind: 'queue'; readonly hold: HoldSettings<P> };

export interface DegradeSettings<P, T> {
  readonly run: DegradeOptions<P, T>['run'];
  readonly whenRefused: WhenRefused<P, T>;
  readonly deadLetters: DeadLetterLimits<P>;
  readonly timers: Timers;
  readonly random: () => number;
}

const NUMBERS: Readonly<Record<string, NumberRule>> = {
  'queue.maxCalls': { min: 1, max: 1_000_000, integer: true },
  'queue.maxBytes': { min: 1, max: 1_073_741_824, integer: true },
  'queue.maxWaitMs': { min: 1, max: 3_600_000 },
  'queue.drainConcurrency': { min: 1, max: 1_000, integer: true },
  'deadLetters.max': { min: 0, max: 1_000_000, integer: true },
  'deadLetters.ttlMs': { min: 1_000, max: 604_800_000 },
};

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  whenRefused: ['fail-fast', 'divert', 'queue'],
  divertOn: ['refused', 'refused-or-failed'],
  'queue.onUnknown': ['fail', 'retry'],
};

const FUNCTIONS = ['divert', 'queue.sizeOf', 'queue.orderKey', 'deadLetters.onDrop', 'random'];

const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': ['run', 'whenRefused', 'divert', 'divertOn', 'queue', 'deadLetters', 'timers', 'random'],
  queue: ['maxCalls', 'maxBytes', 'sizeOf', 'maxWaitMs', 'orderKey', 'drainConcurrency', 'onUnknown'],
  deadLetters: ['max', 'ttlMs', 'onDrop'],
};

const issuesOf = (options: object): BreakerOptionIssue[] => {
  /** Checks the options of a table that are stated. */
  const each = <R>(
    table: readonly (readonly [string, R])[],
    check: (path: string, value: unknown, rule: R) => BreakerOptionIssue[],
  ) =>
    table.flatMap(([path, rule]) => {
      const value = valueAt(options, path);
      return value === undefined ? [] : check(path, value, rule);
    });
  const isDiverting = valueAt(options, 'whenRefused') === 'divert';
  const needed = ['run', ...(isDiverting ? ['divert'] : [])].filter((path) => valueAt(options, path) === undefined);
  return [
    ...Object.entries(KEYS).flatMap(([group, known]) => unknownKeyIssues(options, group, known)),
    ...each(Object.entries(NUMBERS), numberIssue),
    ...each(Object.entries(CHOICES), choiceIssue),
    ...each(
      ['run', ...FUNCTIONS].map((path) => [path, undefined] as const),
      functionIssue,
    ),
    ...needed.map((path) => ({ path, problem: 'is required' })),
  ];
};

const HOLD_DEFAULTS = {
  maxCalls: 1_000,
  maxBytes: 16_777_216,
  sizeOf: () => 0,
  maxWaitMs: 30_000,
  drainConcurrency: 1,
  onUnknown: 'fail',
} as const;

const whenRefusedOf = <P, T>(options: DegradeOptions<P, T>): WhenRefused<P, T> => {
  const { whenRefused, divert } = options;
  if (whenRefused === 'queue') return { kind: 'queue', hold: { ...HOLD_DEFAULTS, ...stated(options.queue) } };
  if (whenRefused !== 'divert' || divert === undefined) return { kind: 'fail-fast' };
  return { kind: 'divert', divert, alsoFailed: options.divertOn === 'refused-or-failed' };
};

/** @throws {@link BreakerOptionsError} with every problem */
export const resolveDegradeOptions = <P, T>(name: string, options: DegradeOptions<P, T>): DegradeSettings<P, T> => {
  const issues = issuesOf(options);
  if (issues.length > 0) throw new BreakerOptionsError({ breaker: name, issues });
  return {
    run: options.run,
    whenRefused: whenRefusedOf(options),
    deadLetters: { max: 1_000, ttlMs: 3_600_000, onDrop: () => undefined, ...stated(options.deadLetters) },
    timers: options.timers ?? systemTimers,
    random: options.random ?? Math.random,
  };
};
