/** The options of a breaker: types, defaults, limits, and how they are resolved into settings. */
import { type Clock, systemClock, systemTimers, type Timers } from '@busbar/retry';

import type { Classify } from './classify.ts';
import { BreakerOptionsError } from './errors.ts';
import type { OpenPolicy } from './open-duration.ts';
import { issuesOfOptions, issuesOfSettings } from './option-rules.ts';
import type { HalfOpenLimits } from './state-machine.ts';
import type { TripRule } from './trip-rule.ts';

export interface BreakerOptions {
  /** Names the dependency in errors, channels and metrics: `^[a-z0-9][a-z0-9._-]{0,62}$`. */
  readonly name: string;
  /** What opens the breaker. */
  readonly trip?: {
    /** Failures in a row. Default: 5. Range: 0..1_000, 0 = off. It finds a dead dependency at low traffic. */
    readonly consecutive?: number;
  };
  /** How long it stays open: `baseMs · factor^(n−1)` at the n-th opening, at most `maxMs`. */
  readonly open?: {
    /** Default: 1_000 ms. Range: 1..maxMs. A quick first probe. */
    readonly baseMs?: number;
    /** Default: 2. Range: 1..10. */
    readonly factor?: number;
    /** Default: 60_000 ms. Range: baseMs..3_600_000. */
    readonly maxMs?: number;
    /** Default: `equal`, half of the time to all of it, so that processes do not probe together. */
    readonly jitter?: 'none' | 'equal';
    /** Closed for so long, it counts openings from 0 again. Default: the last open duration. Range: 0..86_400_000 ms. */
    readonly resetAfterMs?: number;
  };
  /** How a dependency proves that it is back. */
  readonly halfOpen?: {
    /** Successes that close the breaker. Default: 3. Range: 1..1_000, at most `trip.consecutive`. */
    readonly probes?: number;
    /** Most probes at a time. Default: 1. Range: 1..probes + maxFailures. */
    readonly concurrency?: number;
    /** Failed probes that are tolerated. Default: 0. Range: 0..1_000. */
    readonly maxFailures?: number;
    /** Time for a probe until it is given up. Default: the larger of `open.baseMs` and 10_000 ms. Range: 1..3_600_000. */
    readonly leaseMs?: number;
  };
  /** Most callers in `ready()`. Default: 1_000. Range: 0..1_000_000. */
  readonly maxWaiters?: number;
  /** Whether refusals carry a stack; with one they cost three times as much. Default: false. */
  readonly captureStack?: boolean;
  /** What errors and results mean. Default: an error is a failure, a result a success. */
  readonly classify?: Classify;
  /** Told of what a listener, a classifier or a clock threw. Default: `process.emitWarning`. */
  readonly onListenerError?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: () => number;
}

/** The resolved numbers of a breaker, all of them stated. */
export interface BreakerSettings {
  readonly name: string;
  readonly trip: TripRule;
  readonly open: OpenPolicy;
  readonly halfOpen: HalfOpenLimits;
  readonly maxWaiters: number;
  readonly captureStack: boolean;
}

/** The settings, and what the breaker is given from outside. */
export interface ResolvedBreakerOptions {
  readonly settings: BreakerSettings;
  readonly classify: Classify;
  readonly onListenerError: (error: unknown) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
}

/** A probe may have to connect, negotiate TLS and authenticate first: seconds, though the dependency is well. */
const LEASE_FLOOR_MS = 10_000;

export const BREAKER_DEFAULTS = {
  trip: { consecutive: 5 },
  open: { baseMs: 1_000, factor: 2, maxMs: 60_000, jitter: 'equal' },
  halfOpen: { probes: 3, concurrency: 1, maxFailures: 0 },
  maxWaiters: 1_000,
  captureStack: false,
} as const;

const warn = (error: unknown): void => {
  process.emitWarning(error instanceof Error ? error : String(error), 'CircuitBreakerListenerWarning');
};

/** `over`, without the keys that are present and undefined: they mean "not stated". */
const stated = <T extends object>(over: T | undefined): Partial<T> => {
  const result: Partial<T> = { ...over };
  for (const key of Object.keys(result)) {
    if (Reflect.get(result, key) === undefined) Reflect.deleteProperty(result, key);
  }
  return result;
};

/** Not `??`: a null that JavaScript passes is a mistake to be reported, not a default. */
const or = <T>(value: T | undefined, fallback: T): T => (value === undefined ? fallback : value);

const settingsOf = (options: BreakerOptions): BreakerSettings => {
  const open = { resetAfterMs: undefined, ...BREAKER_DEFAULTS.open, ...stated(options.open) };
  const leaseMs = Math.max(LEASE_FLOOR_MS, open.baseMs);
  return Object.freeze({
    name: options.name,
    trip: Object.freeze({ ...BREAKER_DEFAULTS.trip, ...stated(options.trip) }),
    open: Object.freeze(open),
    halfOpen: Object.freeze({ leaseMs, ...BREAKER_DEFAULTS.halfOpen, ...stated(options.halfOpen) }),
    maxWaiters: or(options.maxWaiters, BREAKER_DEFAULTS.maxWaiters),
    captureStack: or(options.captureStack, BREAKER_DEFAULTS.captureStack),
  });
};

/**
 * Copies, checks everything at once, and freezes; the object passed in is neither kept nor changed.
 * @throws {@link BreakerOptionsError} with every problem
 */
export const resolveBreakerOptions = (options: BreakerOptions): ResolvedBreakerOptions => {
  const shape = issuesOfOptions(options);
  const settings = settingsOf(options);
  const issues = [...shape, ...issuesOfSettings(settings)];
  if (issues.length > 0) throw new BreakerOptionsError({ breaker: options.name, issues });
  return {
    settings,
    classify: options.classify ?? {},
    onListenerError: options.onListenerError ?? warn,
    clock: options.clock ?? systemClock,
    timers: options.timers ?? systemTimers,
    random: options.random ?? Math.random,
  };
};
