import { systemClock, systemTimers } from '@busbar/retry';

import { ProducerOptionsError } from './errors.ts';
import {
  PRODUCER_POOL_DEFAULTS,
  PRODUCER_POOL_LIMITS,
  type ProducerPoolOptions,
  type ResolvedProducerPoolOptions,
} from './options.ts';
import { RECORD_OVERHEAD_BYTES } from './record.ts';
import { topicNameProblem } from './topic-name.ts';

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
/** Batches the buffer must hold at least, so that one can be filled while others are on their way. */
const MIN_BATCHES = 4;
/** What a driver's own retries may add to an attempt. */
const DRIVER_RETRIES_MS = 1_000;

/** What `resolveProducerPoolOptions` fills in before it checks. */
const withDefaults = (options: ProducerPoolOptions): ResolvedProducerPoolOptions => {
  const requestTimeoutMs = options.requestTimeoutMs ?? PRODUCER_POOL_DEFAULTS.requestTimeoutMs;
  const connectTimeoutMs = options.connectTimeoutMs ?? PRODUCER_POOL_DEFAULTS.connectTimeoutMs;
  const retry = { ...PRODUCER_POOL_DEFAULTS.retry, ...options.retry };
  return {
    ...PRODUCER_POOL_DEFAULTS,
    attemptTimeoutMs: requestTimeoutMs + connectTimeoutMs + DRIVER_RETRIES_MS,
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    runInContext: (fn) => fn(),
    guard: undefined,
    ...options,
    topics: Object.freeze([...(options.topics ?? [])]),
    buffer: Object.freeze({ ...PRODUCER_POOL_DEFAULTS.buffer, ...options.buffer }),
    retry: Object.freeze(retry),
    pool: Object.freeze({ ...PRODUCER_POOL_DEFAULTS.pool, ...options.pool }),
    probe: Object.freeze({ ...PRODUCER_POOL_DEFAULTS.probe, ...options.probe }),
  };
};

const numberAt = (resolved: ResolvedProducerPoolOptions, path: string): unknown => {
  let value: unknown = resolved;
  for (const part of path.split('.')) value = Reflect.get(Object(value), part);
  return value;
};

const rangeIssues = (o: ResolvedProducerPoolOptions): readonly string[] =>
  Object.entries<readonly [number, number]>(PRODUCER_POOL_LIMITS).flatMap(([path, [min, max]]) => {
    const value = numberAt(o, path);
    const isRatio = path.endsWith('Ratio');
    const isNumber = isRatio ? Number.isFinite(value) : Number.isInteger(value);
    if (typeof value === 'number' && isNumber && value >= min && value <= max) return [];
    return [`${path} must be a ${isRatio ? '' : 'whole '}number from ${min} to ${max}`];
  });

type Rule = readonly [broken: boolean, issue: string];

const poolRules = (pool: ResolvedProducerPoolOptions['pool']): readonly Rule[] => [
  [pool.replaceBaseMs > pool.replaceMaxMs, 'pool.replaceBaseMs must not exceed pool.replaceMaxMs'],
  [pool.min > pool.max, 'pool.min must not exceed pool.max'],
  [pool.slotsPerProducer > pool.maxSlotsPerProducer, 'pool.slotsPerProducer must not exceed pool.maxSlotsPerProducer'],
  [
    pool.scaleDownBusyRatio >= pool.scaleUpBusyRatio,
    'pool.scaleDownBusyRatio must be below pool.scaleUpBusyRatio: else the pool would go back and forth',
  ],
];

/** Rules between options; each names what to change. */
const relationIssues = (o: ResolvedProducerPoolOptions): readonly string[] => {
  const { buffer, driver } = o;
  const inFlight = driver.capabilities.inFlightPerBroker.idempotent;
  const leastAttemptMs = o.requestTimeoutMs + o.connectTimeoutMs;
  const rules: readonly Rule[] = [
    [!NAME.test(o.name), 'name must match ^[a-z][a-z0-9-]{0,62}$'],
    [
      !['all', 'leader'].includes(o.acks),
      "acks must be 'all' or 'leader': without acknowledgements nothing can be verified",
    ],
    [!['fail-key', 'skip'].includes(o.onTimeout), "onTimeout must be 'fail-key' or 'skip'"],
    [!['drain', 'switch'].includes(o.onPartitionGrowth), "onPartitionGrowth must be 'drain' or 'switch'"],
    [o.idempotent && o.acks !== 'all', "idempotent needs acks 'all': set acks to 'all' or idempotent to false"],
    [o.idempotent && inFlight === 'unsupported', `driver ${driver.name} cannot be idempotent: set idempotent to false`],
    [
      !driver.capabilities.compression.includes(o.compression),
      `driver ${driver.name} cannot compress with ${o.compression}`,
    ],
    [
      o.maxBatchRecords > driver.capabilities.maxRecordsPerCall,
      `maxBatchRecords must be at most ${driver.capabilities.maxRecordsPerCall} with driver ${driver.name}`,
    ],
    [o.maxBatchBytes > o.maxRequestBytes, 'maxBatchBytes must not exceed maxRequestBytes'],
    [
      buffer.maxBytes < MIN_BATCHES * o.maxBatchBytes,
      `buffer.maxBytes must hold ${MIN_BATCHES} batches of maxBatchBytes`,
    ],
    [
      buffer.maxRecords < MIN_BATCHES * o.maxBatchRecords,
      `buffer.maxRecords must hold ${MIN_BATCHES} batches of maxBatchRecords`,
    ],
    [buffer.maxLaneBytes > buffer.maxBytes, 'buffer.maxLaneBytes must not exceed buffer.maxBytes'],
    [
      buffer.maxLaneBytes < o.maxRequestBytes + RECORD_OVERHEAD_BYTES,
      `buffer.maxLaneBytes must hold a record of maxRequestBytes and ${RECORD_OVERHEAD_BYTES}`,
    ],
    [buffer.maxLaneRecords > buffer.maxRecords, 'buffer.maxLaneRecords must not exceed buffer.maxRecords'],
    [
      o.attemptTimeoutMs < leastAttemptMs,
      `attemptTimeoutMs must be at least requestTimeoutMs + connectTimeoutMs = ${leastAttemptMs}`,
    ],
    [
      o.deliveryTimeoutMs < o.lingerMs + o.attemptTimeoutMs,
      `deliveryTimeoutMs must be at least lingerMs + attemptTimeoutMs = ${o.lingerMs + o.attemptTimeoutMs}`,
    ],
    [o.retry.baseMs > o.retry.maxMs, 'retry.baseMs must not exceed retry.maxMs'],
    ...poolRules(o.pool),
  ];
  return rules.flatMap(([broken, issue]) => (broken ? [issue] : []));
};

/**
 * Fills in, checks and freezes options; the caller's object is not kept.
 * @throws {@link ProducerOptionsError} with every problem in `details.issues`.
 */
export const resolveProducerPoolOptions = (options: ProducerPoolOptions): ResolvedProducerPoolOptions => {
  const resolved = withDefaults(options);
  const topicIssues = resolved.topics.flatMap((topic) => {
    const problem = topicNameProblem(topic);
    return problem === undefined ? [] : [`topics: "${topic}": ${problem}`];
  });
  const issues = [...rangeIssues(resolved), ...relationIssues(resolved), ...topicIssues];
  if (issues.length > 0) throw new ProducerOptionsError(resolved.name, issues);
  return Object.freeze(resolved);
};
