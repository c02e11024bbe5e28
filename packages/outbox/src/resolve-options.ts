import { hostname } from 'node:os';

import { resolveBackoff, systemClock, systemTimers } from '@busbar/retry';

import { type OutboxIssue, OutboxOptionsError } from './errors.ts';
import { OUTBOX_DEFAULTS as D, OUTBOX_LIMITS, type OutboxOptions, type ResolvedOutboxOptions } from './options.ts';
import { isSchemaName } from './schema-name.ts';

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  migrate: ['check', 'auto'],
  onPoison: ['park', 'halt-key'],
  ordering: ['insert', 'strict'],
  'relay.enabled': [true, false],
  'publish.whenUnavailable': ['spill', 'wait', 'fail'],
  'backlog.policy': ['warn', 'reject'],
};

const OTHERS = [
  'publisher',
  'connections',
  'write',
  'name',
  'owner',
  'schema',
  'runInContext',
  'clock',
  'timers',
  'random',
];

const KNOWN: ReadonlySet<string> = new Set([...Object.keys(OUTBOX_LIMITS), ...Object.keys(CHOICES), ...OTHERS]);

const GROUPS: ReadonlySet<string> = new Set(
  [...KNOWN].filter((path) => path.includes('.')).map((path) => path.split('.')[0] ?? ''),
);

const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** All given options by their path; a group that is no object stands under its own name. */
const flatten = (options: OutboxOptions): ReadonlyMap<string, unknown> => {
  const flat = new Map<string, unknown>();
  const entries: [string, unknown][] = Object.entries(options);
  for (const [name, value] of entries) {
    if (!GROUPS.has(name) || !isGroup(value)) flat.set(name, value);
    else for (const [inner, given] of Object.entries(value)) flat.set(`${name}.${inner}`, given);
  }
  return flat;
};

const numberIssue = (path: string, value: unknown, limits: readonly [number, number]): OutboxIssue | undefined => {
  const [min, max] = limits;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return undefined;
  return { path, problem: `must be an integer from ${min} to ${max}` };
};

const hasMethods = (value: unknown, ...methods: readonly string[]): boolean =>
  (typeof value === 'object' || typeof value === 'function') &&
  value !== null &&
  methods.every((method) => method in value && typeof Reflect.get(value, method) === 'function');

const partIssues = (options: OutboxOptions): readonly OutboxIssue[] => {
  const issues: OutboxIssue[] = [];
  const need = (path: string, fits: boolean, what: string): void => {
    if (!fits) issues.push({ path, problem: `must be ${what}` });
  };
  need('publisher', hasMethods(options.publisher, 'publish', 'publishBatch'), 'a Publisher');
  need('connections', hasMethods(options.connections, 'acquire'), 'a ConnectionSource');
  need('write', hasMethods(options.write, 'query'), 'a Queryable');
  need('schema', options.schema === undefined || isSchemaName(options.schema), 'a lower-case identifier');
  need('name', options.name === undefined || options.name.length > 0, 'a non-empty text');
  return issues;
};

const valueIssues = (flat: ReadonlyMap<string, unknown>): readonly OutboxIssue[] => {
  const issues: OutboxIssue[] = [];
  const limits = new Map<string, readonly [number, number]>(Object.entries(OUTBOX_LIMITS));
  for (const [path, value] of flat) {
    if (!KNOWN.has(path)) issues.push({ path, problem: 'is not an option' });
    const range = limits.get(path);
    const issue = range === undefined ? undefined : numberIssue(path, value, range);
    if (issue !== undefined) issues.push(issue);
    const choices = CHOICES[path];
    if (choices !== undefined && !choices.includes(value))
      issues.push({ path, problem: `must be one of ${choices.join(', ')}` });
  }
  return issues;
};

/** The rules between options; each names the option that has to give way. */
const crossIssues = (o: ResolvedOutboxOptions): readonly OutboxIssue[] => {
  const rules: readonly (readonly [ok: boolean, path: string, problem: string])[] = [
    [o.renewMs <= o.leaseMs / 3, 'renewMs', 'must not be greater than leaseMs / 3'],
    [o.safetyMs < o.leaseMs - o.renewMs, 'safetyMs', 'must be less than leaseMs - renewMs'],
    [o.poll.minMs <= o.poll.maxMs, 'poll.minMs', 'must not be greater than poll.maxMs'],
    [o.poll.maxMs < o.leaseMs, 'poll.maxMs', 'must be less than leaseMs'],
    [o.retry.baseMs <= o.retry.maxMs, 'retry.baseMs', 'must not be greater than retry.maxMs'],
    [o.keyBackoff.baseMs <= o.keyBackoff.maxMs, 'keyBackoff.baseMs', 'must not be greater than keyBackoff.maxMs'],
    [o.topicBackoff.baseMs <= o.topicBackoff.maxMs, 'topicBackoff.maxMs', 'must not be less than keyBackoff.baseMs'],
  ];
  return rules.filter(([ok]) => !ok).map(([, path, problem]) => ({ path, problem }));
};

const SYSTEM = {
  runInContext: <T>(fn: () => T): T => fn(),
  clock: systemClock,
  timers: systemTimers,
  random: Math.random,
};

const fromDefaults = (o: OutboxOptions): ResolvedOutboxOptions => {
  const keyBackoff = { ...D.keyBackoff, ...o.keyBackoff };
  return {
    ...D,
    ...SYSTEM,
    owner: `${hostname()}:${process.pid}`,
    ...o,
    relay: { ...D.relay, ...o.relay },
    poll: { ...D.poll, ...o.poll },
    retry: { factor: 2, jitter: 'full', ...D.retry, ...o.retry },
    keyBackoff,
    topicBackoff: { baseMs: keyBackoff.baseMs, ...D.topicBackoff, ...o.topicBackoff },
    publish: { ...D.publish, ...o.publish },
    backlog: { ...D.backlog, ...o.backlog },
  };
};

/** @throws {@link OutboxOptionsError} with every problem. */
export const resolveOutboxOptions = (options: OutboxOptions): ResolvedOutboxOptions => {
  const issues = [...partIssues(options), ...valueIssues(flatten(options))];
  const resolved = fromDefaults(options);
  if (issues.length === 0) issues.push(...crossIssues(resolved));
  if (issues.length > 0) throw new OutboxOptionsError({ issues });
  const { maxAttempts, ...backoff } = resolved.retry;
  return Object.freeze({ ...resolved, retry: { ...resolveBackoff(backoff), maxAttempts } });
};
