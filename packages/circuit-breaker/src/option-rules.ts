import type { BreakerOptionIssue } from './errors.ts';
/** What makes options valid: names, types and ranges of each (V10, V11), and the rules across them (V1–V12). */
import { nearestName } from './nearest-name.ts';
import type { BreakerOptions, BreakerSettings } from './options.ts';

type Issue = BreakerOptionIssue;

interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly integer?: true;
}

/** The range of each number, by the path of its option. */
export const BREAKER_LIMITS = {
  'trip.consecutive': { min: 0, max: 1_000, integer: true },
  'open.baseMs': { min: 1, max: 3_600_000 },
  'open.factor': { min: 1, max: 10 },
  'open.maxMs': { min: 1, max: 3_600_000 },
  'open.resetAfterMs': { min: 0, max: 86_400_000 },
  'halfOpen.probes': { min: 1, max: 1_000, integer: true },
  'halfOpen.concurrency': { min: 1, max: 2_000, integer: true },
  'halfOpen.maxFailures': { min: 0, max: 1_000, integer: true },
  'halfOpen.leaseMs': { min: 1, max: 3_600_000 },
  maxWaiters: { min: 0, max: 1_000_000, integer: true },
} as const satisfies Readonly<Record<string, NumberRule>>;

/** The keys of each group of options; `''` is the top level. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': [
    'name',
    'trip',
    'open',
    'halfOpen',
    'maxWaiters',
    'captureStack',
    'classify',
    'onListenerError',
    'clock',
    'timers',
    'random',
  ],
  trip: ['consecutive'],
  open: ['baseMs', 'factor', 'maxMs', 'jitter', 'resetAfterMs'],
  halfOpen: ['probes', 'concurrency', 'maxFailures', 'leaseMs'],
};

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/u;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const unknownKeys = (group: string, value: object): Issue[] => {
  const known = KEYS[group] ?? [];
  const prefix = group === '' ? '' : `${group}.`;
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearestName(key, known);
      const problem = `is not an option${near === undefined ? '' : `, did you mean ${prefix}${near}?`}`;
      return { path: `${prefix}${key}`, problem };
    });
};

const missingFunction = (path: string, owner: unknown, method: string): Issue[] =>
  owner === undefined || (isObject(owner) && typeof Reflect.get(owner, method) === 'function')
    ? []
    : [{ path, problem: `must have a method ${method}` }];

const notFunction = (path: string, value: unknown): Issue[] =>
  value === undefined || typeof value === 'function' ? [] : [{ path, problem: 'must be a function' }];

/** Problems of the object as it was passed: unknown keys, wrong kinds of value. */
export const issuesOfOptions = (options: BreakerOptions): Issue[] => {
  const issues: Issue[] = [];
  for (const group of Object.keys(KEYS)) {
    const value: unknown = group === '' ? options : Reflect.get(options, group);
    if (value === undefined) continue;
    if (isObject(value)) issues.push(...unknownKeys(group, value));
    else issues.push({ path: group, problem: 'must be an object' });
  }
  const { classify, clock, timers } = options;
  if (classify !== undefined && !isObject(classify)) issues.push({ path: 'classify', problem: 'must be an object' });
  for (const method of ['error', 'result']) {
    const value: unknown = isObject(classify) ? Reflect.get(classify, method) : undefined;
    issues.push(...notFunction(`classify.${method}`, value));
  }
  issues.push(
    ...missingFunction('clock', clock, 'now'),
    ...missingFunction('timers', timers, 'set'),
    ...missingFunction('timers', timers, 'clear'),
    ...notFunction('random', options.random),
    ...notFunction('onListenerError', options.onListenerError),
  );
  return issues;
};

const numberIssue = (path: string, value: unknown, { min, max, integer }: NumberRule): Issue[] => {
  const fits =
    typeof value === 'number' && value >= min && value <= max && (integer !== true || Number.isInteger(value));
  if (fits) return [];
  const shown = typeof value === 'number' ? String(value) : `a ${typeof value}`;
  return [{ path, problem: `must be ${integer ? 'an integer' : 'a number'} from ${min} to ${max}, is ${shown}` }];
};

const valueAt = (settings: BreakerSettings, path: string): unknown => {
  let value: unknown = settings;
  for (const key of path.split('.')) value = isObject(value) ? Reflect.get(value, key) : undefined;
  return value;
};

const rangeIssues = (settings: BreakerSettings): Issue[] => {
  const issues: Issue[] = [];
  for (const [path, rule] of Object.entries<NumberRule>(BREAKER_LIMITS)) {
    const value = valueAt(settings, path);
    if (path !== 'open.resetAfterMs' || value !== undefined) issues.push(...numberIssue(path, value, rule));
  }
  return issues;
};

/** Problems of the settings: ranges first; the rules across options only once each option by itself is sound. */
export const issuesOfSettings = (settings: BreakerSettings): Issue[] => {
  const { name, trip, open, halfOpen, captureStack } = settings;
  const issues = rangeIssues(settings);
  const sound = issues.length === 0;
  if (typeof name !== 'string' || !NAME.test(name)) issues.push({ path: 'name', problem: `must match ${NAME.source}` });
  if (!['none', 'equal'].includes(open.jitter)) issues.push({ path: 'open.jitter', problem: 'must be none or equal' });
  if (typeof captureStack !== 'boolean') issues.push({ path: 'captureStack', problem: 'must be true or false' });
  return sound ? [...issues, ...crossIssues({ trip, open, halfOpen })] : issues;
};

const crossIssues = ({ trip, open, halfOpen }: Pick<BreakerSettings, 'trip' | 'open' | 'halfOpen'>): Issue[] => {
  const issues: Issue[] = [];
  const atMost = (path: string, value: number, bound: { is: number; of: string }): void => {
    if (value > bound.is) issues.push({ path, problem: `must not exceed ${bound.of} (${bound.is}), is ${value}` });
  };
  if (trip.consecutive === 0) issues.push({ path: 'trip', problem: 'no rule is on, the breaker would never open' });
  else atMost('halfOpen.probes', halfOpen.probes, { is: trip.consecutive, of: 'trip.consecutive' });
  const places = halfOpen.probes + halfOpen.maxFailures;
  atMost('halfOpen.concurrency', halfOpen.concurrency, { is: places, of: 'probes + maxFailures' });
  atMost('open.baseMs', open.baseMs, { is: open.maxMs, of: 'open.maxMs' });
  return issues;
};
