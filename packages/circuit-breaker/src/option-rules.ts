/** What makes options valid: the names, kinds and ranges of each (V10, V11), and the rules across them (V1–V9, V12). */
import type { BreakerOptionIssue } from './errors.ts';
import {
  choiceIssue,
  functionIssue,
  type NumberRule,
  numberIssue,
  unknownKeyIssues,
  valueAt,
} from './option-checks.ts';
import type { BreakerPatch, BreakerSettings } from './options.ts';

type Issue = BreakerOptionIssue;

/** The range of each number, by the path of its option. */
export const BREAKER_LIMITS = {
  'window.durationMs': { min: 100, max: 3_600_000 },
  'window.buckets': { min: 1, max: 120, integer: true },
  'window.calls': { min: 1, max: 65_536, integer: true },
  'trip.consecutive': { min: 0, max: 1_000, integer: true },
  'trip.failureRatio': { min: 0, max: 1 },
  'trip.minimumCalls': { min: 1, max: 1_000_000, integer: true },
  'trip.slowMs': { min: 0, max: 3_600_000 },
  'trip.slowRatio': { min: 0, max: 1 },
  'open.baseMs': { min: 1, max: 3_600_000 },
  'open.factor': { min: 1, max: 10 },
  'open.maxMs': { min: 1, max: 3_600_000 },
  'open.resetAfterMs': { min: 0, max: 86_400_000 },
  'halfOpen.probes': { min: 1, max: 1_000, integer: true },
  'halfOpen.concurrency': { min: 1, max: 2_000, integer: true },
  'halfOpen.maxFailures': { min: 0, max: 1_000, integer: true },
  'halfOpen.leaseMs': { min: 1, max: 3_600_000 },
  callTimeoutMs: { min: 0, max: 3_600_000 },
  rampMs: { min: 0, max: 3_600_000 },
  maxConcurrentCalls: { min: 0, max: 1_000_000, integer: true },
  maxWaiters: { min: 0, max: 1_000_000, integer: true },
} as const satisfies Readonly<Record<string, NumberRule>>;

/** The values of each option that is a choice. */
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  mode: ['active', 'observe', 'disabled'],
  'window.type': ['time', 'count', 'none'],
  'open.jitter': ['none', 'equal'],
  latency: ['off', 'on', 'cumulative'],
  captureStack: [true, false],
  'trip.countOverdue': [true, false],
};

const PATCH_KEYS = ['trip', 'open', 'halfOpen', 'rampMs', 'classify'];

/** The keys of each group of options. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  window: ['type', 'durationMs', 'buckets', 'calls'],
  trip: ['consecutive', 'failureRatio', 'minimumCalls', 'slowMs', 'slowRatio', 'countOverdue'],
  open: ['baseMs', 'factor', 'maxMs', 'jitter', 'resetAfterMs'],
  halfOpen: ['probes', 'concurrency', 'maxFailures', 'leaseMs'],
  classify: ['error', 'result'],
};

const TOP_KEYS: readonly string[] = [
  'name',
  'profile',
  'mode',
  'window',
  'callTimeoutMs',
  'maxConcurrentCalls',
  'maxWaiters',
  'latency',
  'captureStack',
  'restore',
  'restoreIsolation',
  'onListenerError',
  'clock',
  'timers',
  'random',
  'wallClock',
  ...PATCH_KEYS,
];

/** Members that must be functions where they are given; those of a port may not be missing from it. */
const FUNCTIONS: readonly { readonly path: string; readonly port?: string }[] = [
  { path: 'classify.error' },
  { path: 'classify.result' },
  { path: 'onListenerError' },
  { path: 'random' },
  { path: 'wallClock' },
  { path: 'clock.now', port: 'clock' },
  { path: 'timers.set', port: 'timers' },
  { path: 'timers.clear', port: 'timers' },
];

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/u;

const functionIssues = (options: object): Issue[] =>
  FUNCTIONS.flatMap(({ path, port }) => {
    const value = valueAt(options, path);
    const mayBeMissing = port === undefined || valueAt(options, port) === undefined;
    return value === undefined && mayBeMissing ? [] : functionIssue(path, value);
  });

/** Problems of the object as it was passed: unknown keys, wrong kinds of value. */
export const issuesOfOptions = (options: BreakerPatch, at: 'creation' | 'update' = 'creation'): Issue[] => {
  const issues = [
    ...unknownKeyIssues(options, '', at === 'creation' ? TOP_KEYS : PATCH_KEYS),
    ...Object.entries(KEYS).flatMap(([group, known]) => unknownKeyIssues(options, group, known)),
    ...functionIssues(options),
  ];
  const restoreIsolation = valueAt(options, 'restoreIsolation');
  if (restoreIsolation !== undefined) issues.push(...choiceIssue('restoreIsolation', restoreIsolation, [true, false]));
  return issues;
};

const numberIssues = (settings: BreakerSettings): Issue[] =>
  Object.entries(BREAKER_LIMITS).flatMap(([path, rule]) => {
    const value = valueAt(settings, path);
    return path === 'open.resetAfterMs' && value === undefined ? [] : numberIssue(path, value, rule);
  });

const choiceIssues = (settings: BreakerSettings): Issue[] =>
  Object.entries(CHOICES).flatMap(([path, allowed]) => choiceIssue(path, valueAt(settings, path), allowed));

/** Problems of the settings. The rules across options are asked only once each option by itself is sound. */
export const issuesOfSettings = (settings: BreakerSettings): Issue[] => {
  const issues = [...numberIssues(settings), ...choiceIssues(settings)];
  const cross = issues.length === 0 ? [...tripIssues(settings), ...boundIssues(settings)] : [];
  const { name } = settings;
  const isNamed = typeof name === 'string' && NAME.test(name);
  return [...(isNamed ? [] : [{ path: 'name', problem: `must match ${NAME.source}` }]), ...issues, ...cross];
};

/** V1, V2, V3, V9: the rules that open the breaker make sense together. */
const tripIssues = ({ trip, window }: BreakerSettings): Issue[] => {
  const issues: Issue[] = [];
  const hasRatio = trip.failureRatio > 0 || trip.slowRatio > 0;
  if (trip.consecutive === 0 && !hasRatio) issues.push({ path: 'trip', problem: 'no rule is on: it would never open' });
  if (window.type === 'none' && hasRatio) {
    issues.push({ path: 'window.type', problem: 'trip.failureRatio and trip.slowRatio need a window, or must be 0' });
  }
  if (window.type === 'count' && hasRatio && trip.minimumCalls > window.calls) {
    issues.push({
      path: 'trip.minimumCalls',
      problem: `must not exceed window.calls (${window.calls}), is ${trip.minimumCalls}`,
    });
  }
  if (trip.slowMs > 0 !== trip.slowRatio > 0) {
    issues.push({ path: 'trip.slowMs', problem: 'goes with trip.slowRatio: both are above 0, or neither' });
  }
  if (trip.countOverdue && trip.slowMs === 0) {
    issues.push({ path: 'trip.countOverdue', problem: 'needs trip.slowMs' });
  }
  return issues;
};

/** V4–V8, V12: what must not exceed what. */
const boundIssues = (settings: BreakerSettings): Issue[] => {
  const { trip, open, halfOpen, callTimeoutMs, rampMs } = settings;
  const issues: Issue[] = [];
  const bound = (path: string, value: number, limit: { is: number; of: string }): void => {
    if (value > limit.is) issues.push({ path, problem: `must not exceed ${limit.of} (${limit.is}), is ${value}` });
  };
  const below = (path: string, value: number, limit: { is: number; of: string }): void => {
    if (value >= limit.is) issues.push({ path, problem: `must be below ${limit.of} (${limit.is}), is ${value}` });
  };
  const threshold =
    trip.consecutive > 0
      ? { is: trip.consecutive, of: 'trip.consecutive' }
      : { is: trip.minimumCalls, of: 'trip.minimumCalls' };
  bound('halfOpen.probes', halfOpen.probes, threshold);
  const places = { is: halfOpen.probes + halfOpen.maxFailures, of: 'probes + maxFailures' };
  bound('halfOpen.concurrency', halfOpen.concurrency, places);
  bound('open.baseMs', open.baseMs, { is: open.maxMs, of: 'open.maxMs' });
  below('callTimeoutMs', callTimeoutMs, { is: open.maxMs, of: 'open.maxMs' });
  bound('callTimeoutMs', callTimeoutMs, { is: halfOpen.leaseMs, of: 'halfOpen.leaseMs' });
  if (callTimeoutMs > 0) below('trip.slowMs', trip.slowMs, { is: callTimeoutMs, of: 'callTimeoutMs' });
  bound('rampMs', rampMs, { is: open.maxMs, of: 'open.maxMs' });
  return issues;
};
