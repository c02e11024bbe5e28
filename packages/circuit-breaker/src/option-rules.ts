/** What makes options valid: the names, kinds and ranges of each (V10, V11), and the rules across them (V1–V9, V12). */
import type { BreakerOptionIssue } from './errors.ts';
import { nearestName } from './nearest-name.ts';
import type { BreakerPatch, BreakerSettings } from './options.ts';

type Issue = BreakerOptionIssue;

interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly integer?: true;
}

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

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const valueAt = (root: object, path: string): unknown => {
  let value: unknown = root;
  for (const key of path.split('.')) value = isObject(value) ? Reflect.get(value, key) : undefined;
  return value;
};

const unknownKeys = (group: string, value: object, known: readonly string[]): Issue[] => {
  const prefix = group === '' ? '' : `${group}.`;
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearestName(key, known);
      const problem = `is not an option${near === undefined ? '' : `, did you mean ${prefix}${near}?`}`;
      return { path: `${prefix}${key}`, problem };
    });
};

const groupIssues = (options: object): Issue[] =>
  Object.entries(KEYS).flatMap(([group, known]) => {
    const value = valueAt(options, group);
    if (value === undefined) return [];
    return isObject(value) ? unknownKeys(group, value, known) : [{ path: group, problem: 'must be an object' }];
  });

const functionIssues = (options: object): Issue[] =>
  FUNCTIONS.flatMap(({ path, port }) => {
    const value = valueAt(options, path);
    const mayBeMissing = port === undefined || valueAt(options, port) === undefined;
    const isSound = typeof value === 'function' || (value === undefined && mayBeMissing);
    return isSound ? [] : [{ path, problem: 'must be a function' }];
  });

/** Problems of the object as it was passed: unknown keys, wrong kinds of value. */
export const issuesOfOptions = (options: BreakerPatch, at: 'creation' | 'update' = 'creation'): Issue[] => {
  const issues = [
    ...unknownKeys('', options, at === 'creation' ? TOP_KEYS : PATCH_KEYS),
    ...groupIssues(options),
    ...functionIssues(options),
  ];
  const restoreIsolation = valueAt(options, 'restoreIsolation');
  if (restoreIsolation !== undefined && typeof restoreIsolation !== 'boolean') {
    issues.push({ path: 'restoreIsolation', problem: 'must be true or false' });
  }
  return issues;
};

const numberIssues = (settings: BreakerSettings): Issue[] =>
  Object.entries<NumberRule>(BREAKER_LIMITS).flatMap(([path, { min, max, integer }]) => {
    const value = valueAt(settings, path);
    if (path === 'open.resetAfterMs' && value === undefined) return [];
    const isInRange = typeof value === 'number' && value >= min && value <= max;
    if (isInRange && (integer !== true || Number.isInteger(value))) return [];
    const kind = integer === true ? 'an integer' : 'a number';
    const shown = typeof value === 'number' ? String(value) : `a ${typeof value}`;
    return [{ path, problem: `must be ${kind} from ${min} to ${max}, is ${shown}` }];
  });

const choiceIssues = (settings: BreakerSettings): Issue[] =>
  Object.entries(CHOICES).flatMap(([path, allowed]) =>
    allowed.includes(valueAt(settings, path)) ? [] : [{ path, problem: `must be one of ${allowed.join(', ')}` }],
  );

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
