/** The options of a breaker: types, and how they are resolved into settings. Defaults: `profiles.ts`; limits: `option-rules.ts`. */
import { type Clock, systemClock, systemTimers, type Timers } from '@busbar/retry';

import type { Classify } from './classify.ts';
import { type BreakerOptionIssue, BreakerOptionsError } from './errors.ts';
import { warnOfListenerError } from './listener-errors.ts';
import type { OpenPolicy } from './open-duration.ts';
import { stated } from './option-checks.ts';
import { issuesOfOptions, issuesOfSettings } from './option-rules.ts';
import { type BreakerDefaults, breakerProfiles, isProfile, type Profile, profileFromEnv } from './profiles.ts';
import type { HalfOpenLimits, Mode } from './state-machine.ts';
import type { WindowSettings } from './tally.ts';
import type { TripRule } from './trip-rule.ts';

export interface WindowOptions {
  /** What the rates are taken over. Default: `time`. */
  readonly type?: 'time' | 'count' | 'none';
  /** Of a time window. Default: 10_000 ms. Range: 100..3_600_000. */
  readonly durationMs?: number;
  /** Of a time window. Default: 10. Range: 1..120. */
  readonly buckets?: number;
  /** Of a count window. Default: 100 calls. Range: 1..65_536. */
  readonly calls?: number;
}

export interface TripOptions {
  /** Failures in a row. Default: 5. Range: 0..1_000, 0 = off. It finds a dead dependency at low traffic. */
  readonly consecutive?: number;
  /** Share of failures in the window. Default: 0.5. Range: 0..1, 0 = off. */
  readonly failureRatio?: number;
  /** Calls in the window below which no ratio is looked at. Default: 20. Range: 1..1_000_000. */
  readonly minimumCalls?: number;
  /** A call that takes so long is slow. Default: 0 = none is. Range: 0..3_600_000 ms. Goes with `slowRatio`. */
  readonly slowMs?: number;
  /** Share of slow calls in the window. Default: 0 = off. Range: 0..1. */
  readonly slowRatio?: number;
  /** Count calls as slow while they are running: hung calls trip, too. Default: false. */
  readonly countOverdue?: boolean;
}

export interface OpenOptions {
  /** At the n-th opening: `baseMs · factor^(n−1)`. Default: 1_000 ms. Range: 1..maxMs. A quick first probe. */
  readonly baseMs?: number;
  /** Default: 2. Range: 1..10. */
  readonly factor?: number;
  /** Default: 60_000 ms. Range: baseMs..3_600_000. */
  readonly maxMs?: number;
  /** Default: `equal`, half of the time to all of it, so that processes do not probe together. */
  readonly jitter?: 'none' | 'equal';
  /** Closed for so long, it counts openings from 0 again. Default: the last open duration. Range: 0..86_400_000 ms. */
  readonly resetAfterMs?: number;
}

export interface HalfOpenOptions {
  /** Successes that close the breaker. Default: 3. Range: 1..1_000, at most `trip.consecutive`, else `minimumCalls`. */
  readonly probes?: number;
  /** Most probes at a time. Default: 1. Range: 1..probes + maxFailures. */
  readonly concurrency?: number;
  /** Failed probes that are tolerated. Default: 0. Range: 0..1_000. */
  readonly maxFailures?: number;
  /** Time for a probe until it is given up. Default: the largest of `callTimeoutMs`, `open.baseMs`, 10_000 ms. Range: 1..3_600_000. */
  readonly leaseMs?: number;
}

/** What {@link Breaker.update} may change while the breaker works. */
export interface BreakerPatch {
  readonly trip?: TripOptions;
  readonly open?: OpenOptions;
  readonly halfOpen?: HalfOpenOptions;
  /** Slow start after an outage. Default: 0 = off. Range: 0..open.maxMs. */
  readonly rampMs?: number;
  /** What errors and results mean. Default: an error is a failure, a result a success. */
  readonly classify?: Classify;
}

export interface BreakerOptions extends BreakerPatch {
  /** Names the dependency in errors, channels and metrics: `^[a-z0-9][a-z0-9._-]{0,62}$`. */
  readonly name: string;
  /** Where the defaults come from. Default: `from-env`, the variable `BUSBAR_ENV`. */
  readonly profile?: Profile | 'from-env';
  /** Default: `active`. `observe` admits all and only tells what it would do; `disabled` admits all and records nothing. */
  readonly mode?: Mode;
  readonly window?: WindowOptions;
  /** Ends a call for its caller. Default: 0 = never. Range: 0..3_600_000 ms, below `open.maxMs`, at most `halfOpen.leaseMs`. */
  readonly callTimeoutMs?: number;
  /** Most calls in flight. Default: 0 = any number. Range: 0..1_000_000. */
  readonly maxConcurrentCalls?: number;
  /** Most callers in `ready()`. Default: 1_000. Range: 0..1_000_000. */
  readonly maxWaiters?: number;
  /** Whether durations are kept. Default: `off`, since it costs two readings of the clock a call. */
  readonly latency?: 'off' | 'on' | 'cumulative';
  /** Whether refusals carry a stack; with one they cost three times as much. Default: false. */
  readonly captureStack?: boolean;
  /** What `exportState()` gave, in this process or another. Invalid input starts closed and is published. */
  readonly restore?: unknown;
  /** Whether a saved isolation is taken up. Default: true. */
  readonly restoreIsolation?: boolean;
  /** Told of what a listener, a classifier, a clock or a store threw. Default: `process.emitWarning`. */
  readonly onListenerError?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: () => number;
  /** Epoch ms, for `exportState` and `restore` alone. Default: `Date.now`. */
  readonly wallClock?: () => number;
}

/** The resolved values of a breaker, all of them stated. */
export interface BreakerSettings {
  readonly name: string;
  readonly profile: Profile;
  readonly mode: Mode;
  readonly window: WindowSettings;
  readonly trip: TripRule;
  readonly open: OpenPolicy;
  readonly halfOpen: HalfOpenLimits;
  readonly callTimeoutMs: number;
  readonly rampMs: number;
  readonly maxConcurrentCalls: number;
  readonly maxWaiters: number;
  readonly latency: 'off' | 'on' | 'cumulative';
  readonly captureStack: boolean;
}

/** What a breaker is given from outside, apart from numbers. */
export interface BreakerEnvironment {
  readonly classify: Classify;
  readonly onListenerError: (error: unknown) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly wallClock: () => number;
}

export interface ResolvedBreakerOptions {
  readonly settings: BreakerSettings;
  readonly environment: BreakerEnvironment;
  readonly restore: unknown;
  readonly restoreIsolation: boolean;
}

/** Shared by all breakers that are given nothing, so that it costs none of them memory. */
const SYSTEM: BreakerEnvironment = {
  classify: {},
  onListenerError: warnOfListenerError,
  clock: systemClock,
  timers: systemTimers,
  random: Math.random,
  wallClock: Date.now,
};

/** A probe may have to connect, negotiate TLS and authenticate first: seconds, though the dependency is well. */
const LEASE_FLOOR_MS = 10_000;

/** Not `??`: a null that JavaScript passes is a mistake to be reported, not a default. */
const or = <T>(value: T | undefined, fallback: T): T => (value === undefined ? fallback : value);

const profileOf = (options: BreakerOptions, issues: BreakerOptionIssue[]): Profile => {
  const { profile = 'from-env' } = options;
  if (isProfile(profile)) return profile;
  if (profile !== 'from-env') issues.push({ path: 'profile', problem: 'must name a profile, or be from-env' });
  const detected = profile === 'from-env' ? profileFromEnv(process.env) : 'production';
  if (typeof detected === 'string') return detected;
  issues.push({ path: 'BUSBAR_ENV', problem: detected.problem });
  return 'production';
};

const leaseFor = (open: OpenPolicy, callTimeoutMs: number): number =>
  Math.max(LEASE_FLOOR_MS, open.baseMs, callTimeoutMs);

type Parts = Pick<BreakerSettings, 'window' | 'trip' | 'open' | 'halfOpen'>;

const shared = new Map<Profile, Parts>();

/** The parts of a breaker to which nothing is stated: one object for all of them, so that ten thousand breakers cost little. */
const partsOfProfile = (profile: Profile): Parts => {
  const known = shared.get(profile);
  if (known !== undefined) return known;
  const defaults: BreakerDefaults = breakerProfiles[profile];
  const open = Object.freeze({ resetAfterMs: undefined, ...defaults.open });
  const parts = {
    window: Object.freeze({ ...defaults.window }),
    trip: Object.freeze({ ...defaults.trip }),
    open,
    halfOpen: Object.freeze({ leaseMs: leaseFor(open, defaults.callTimeoutMs), ...defaults.halfOpen }),
  };
  shared.set(profile, parts);
  return parts;
};

/** `base` where nothing is stated, else a frozen copy of it with what is. */
const over = <T extends object>(base: T, options: Partial<T> | undefined): T =>
  options === undefined ? base : Object.freeze({ ...base, ...stated(options) });

const settingsOf = (options: BreakerOptions, profile: Profile): BreakerSettings => {
  const defaults: BreakerDefaults = breakerProfiles[profile];
  const parts = partsOfProfile(profile);
  const open = over<OpenPolicy>(parts.open, options.open);
  const callTimeoutMs = or(options.callTimeoutMs, defaults.callTimeoutMs);
  const leaseMs = leaseFor(open, callTimeoutMs);
  const halfOpen = leaseMs === parts.halfOpen.leaseMs ? parts.halfOpen : Object.freeze({ ...parts.halfOpen, leaseMs });
  return Object.freeze({
    name: options.name,
    profile,
    mode: or(options.mode, defaults.mode),
    window: over<WindowSettings>(parts.window, options.window),
    trip: over<TripRule>(parts.trip, options.trip),
    open,
    halfOpen: over<HalfOpenLimits>(halfOpen, options.halfOpen),
    callTimeoutMs,
    rampMs: or(options.rampMs, defaults.rampMs),
    maxConcurrentCalls: or(options.maxConcurrentCalls, defaults.maxConcurrentCalls),
    maxWaiters: or(options.maxWaiters, defaults.maxWaiters),
    latency: or(options.latency, defaults.latency),
    captureStack: or(options.captureStack, defaults.captureStack),
  });
};

const environmentOf = (options: BreakerOptions): BreakerEnvironment => {
  const { classify, onListenerError, clock, timers, random, wallClock } = options;
  const given = stated({ classify, onListenerError, clock, timers, random, wallClock });
  return Object.keys(given).length === 0 ? SYSTEM : { ...SYSTEM, ...given };
};

/**
 * Copies, checks everything at once, and freezes; the object passed in is neither kept nor changed.
 * @throws {@link BreakerOptionsError} with every problem
 */
export const resolveBreakerOptions = (options: BreakerOptions): ResolvedBreakerOptions => {
  const issues = issuesOfOptions(options);
  const settings = settingsOf(options, profileOf(options, issues));
  issues.push(...issuesOfSettings(settings));
  if (issues.length > 0) throw new BreakerOptionsError({ breaker: options.name, issues });
  return {
    settings,
    environment: environmentOf(options),
    restore: options.restore,
    restoreIsolation: options.restoreIsolation ?? true,
  };
};

/**
 * The settings with a patch applied, checked as a whole.
 * @throws {@link BreakerOptionsError} with every problem; nothing has changed then
 */
export const patchSettings = (settings: BreakerSettings, patch: BreakerPatch): BreakerSettings => {
  const issues = issuesOfOptions(patch, 'update');
  const patched = Object.freeze({
    ...settings,
    trip: over<TripRule>(settings.trip, patch.trip),
    open: over<OpenPolicy>(settings.open, patch.open),
    halfOpen: over<HalfOpenLimits>(settings.halfOpen, patch.halfOpen),
    rampMs: or(patch.rampMs, settings.rampMs),
  });
  issues.push(...issuesOfSettings(patched));
  if (issues.length > 0) throw new BreakerOptionsError({ breaker: settings.name, issues });
  return patched;
};

/**
 * The profile named by `BUSBAR_ENV`, in any case: production (prod, live), staging (stage, stg), development (dev, local), test
 * (testing). Absent or blank is production.
 * @throws {@link BreakerOptionsError} when it names none: a typo must not turn production into development
 */
export const detectProfile = (env: NodeJS.ProcessEnv = process.env): Profile => {
  const profile = profileFromEnv(env);
  if (typeof profile === 'string') return profile;
  throw new BreakerOptionsError({ breaker: 'profile', issues: [{ path: 'BUSBAR_ENV', problem: profile.problem }] });
};
