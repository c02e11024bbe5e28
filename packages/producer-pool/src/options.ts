import { type Clock, systemClock, systemTimers, type Timers } from '@busbar/retry';

import type { Acks, Compression, ProducerDriver } from './driver.ts';
import { ProducerOptionsError } from './errors.ts';
import { RECORD_OVERHEAD_BYTES } from './record.ts';
import { topicNameProblem } from './topic-name.ts';

/** Put around every attempt and every opening of a producer. A circuit breaker fits; this package knows none. */
export interface CallGuard {
  /** Calls `fn` at most once, or rejects without having called it. */
  execute<T>(fn: (signal: AbortSignal) => Promise<T>, o?: { signal?: AbortSignal }): Promise<T>;
}

export interface BufferOptions {
  /** Bytes of key, value and headers, and 80 per record. Default: 32 MiB. */
  readonly maxBytes?: number;
  /** Default: 10 000. */
  readonly maxRecords?: number;
  /** Share of one partition, so that a dead one does not take everything. Default: 8 MiB. */
  readonly maxLaneBytes?: number;
  /** Default: 5 000. */
  readonly maxLaneRecords?: number;
  /** How long `publish` waits for room. Default: 5 000 ms. Range: 0 to 600 000. */
  readonly maxBlockMs?: number;
}

export interface RetryDelayOptions {
  /** Default: 100 ms. Range: 1 to `maxMs`. */
  readonly baseMs?: number;
  /** Default: 2 000 ms. Range: to 60 000. */
  readonly maxMs?: number;
}

export interface PoolOptions {
  /** Calls at a time towards one broker, never more than the driver really runs. Default: 4. Range: 1 to 256. */
  readonly slotsPerProducer?: number;
  /** Delay before a producer is replaced, ×2 with full jitter. Default: 100 ms. Range: 1 to `replaceMaxMs`. */
  readonly replaceBaseMs?: number;
  /** Default: 10 000 ms. Range: to 600 000. */
  readonly replaceMaxMs?: number;
  /** What a retired producer gets to end its calls before it is killed. Default: 5 000 ms. Range: 0 to 600 000. */
  readonly retireGraceMs?: number;
  /** What a kill may take before the driver counts as broken. Default: 2 000 ms. Range: 100 to 60 000. */
  readonly killTimeoutMs?: number;
}

/** What `createProducerPool` takes; every default and range is in {@link PRODUCER_POOL_DEFAULTS} and {@link PRODUCER_POOL_LIMITS}. */
export interface ProducerPoolOptions {
  readonly driver: ProducerDriver;
  /** Names the pool in errors, channels and metrics. Default: `default`. */
  readonly name?: string;
  /** Topics whose metadata is loaded at start. Default: none. */
  readonly topics?: readonly string[];
  /** Default: `all`; what idempotence needs. */
  readonly acks?: Acks;
  /** Default: true. `false` costs duplicates after a fault, never records or order. */
  readonly idempotent?: boolean;
  /** Default: `none`. */
  readonly compression?: Compression;
  /** How long an idle partition collects records. Default: 0 ms, the end of the current turn. Range: 0 to 60 000. */
  readonly lingerMs?: number;
  /** Default: 500. Range: 1 to what the driver takes. */
  readonly maxBatchRecords?: number;
  /** Uncompressed bytes of a batch. Default: 900 000. */
  readonly maxBatchBytes?: number;
  /** A record that does not fit here with 1 KiB of framing is refused unsent. Default: 1 048 576. Range: from 1 024. */
  readonly maxRequestBytes?: number;
  readonly buffer?: BufferOptions;
  /** From `publish()` to the answer, waiting included. Default: 120 000 ms. */
  readonly deliveryTimeoutMs?: number;
  /** `fail-key`: what expires unsent takes its queued successors of the same key along. `skip`: only itself. Default: `fail-key`. */
  readonly onTimeout?: 'fail-key' | 'skip';
  /** Default: 30 000 ms. Range: 1 000 to 300 000. The broker gives up at 0.8 of it. */
  readonly requestTimeoutMs?: number;
  /** Default: 10 000 ms. Range: 500 to 120 000. */
  readonly connectTimeoutMs?: number;
  /** The watchdog over one call. Default: request + connect + 1 000 ms, which is also the least. */
  readonly attemptTimeoutMs?: number;
  readonly retry?: RetryDelayOptions;
  /** Then UNKNOWN_TOPIC to the caller. Default: 5. Range: 0 to 100. */
  readonly unknownTopicRetries?: number;
  /** Default: 300 000 ms. Range: from 1 000. */
  readonly metadataMaxAgeMs?: number;
  readonly pool?: PoolOptions;
  /** An idle partition is forgotten after this time. Default: 60 000 ms. Range: 100 to 3 600 000. */
  readonly laneIdleMs?: number;
  /** Default: 10 000 ms. Range: from 100. */
  readonly startTimeoutMs?: number;
  /** Default: 30 000 ms. Range: from 100. */
  readonly closeTimeoutMs?: number;
  /** Topics with statistics of their own; the others share `_other`. Default: 200. Range: 1 to 10 000. */
  readonly maxTopicStats?: number;
  /** Default: 4 096. */
  readonly maxKeyBytes?: number;
  /** Default: 64. Range: 0 to 1 000. */
  readonly maxHeaders?: number;
  /** Names and values together. Default: 16 384. */
  readonly maxHeaderBytes?: number;
  /** Around each attempt and each opening of a producer. */
  readonly guard?: CallGuard;
  /** Runs each driver call in an ambient context of the user's choice, for instance one without auto-instrumentation. */
  readonly runInContext?: <T>(fn: () => T) => T;
  /** Monotonic. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Default of every tunable. `attemptTimeoutMs` is derived: request + connect + 1 000. */
export const PRODUCER_POOL_DEFAULTS = Object.freeze({
  name: 'default',
  acks: 'all',
  idempotent: true,
  compression: 'none',
  lingerMs: 0,
  maxBatchRecords: 500,
  maxBatchBytes: 900_000,
  maxRequestBytes: 1_048_576,
  buffer: Object.freeze({
    maxBytes: 33_554_432,
    maxRecords: 10_000,
    maxLaneBytes: 8_388_608,
    maxLaneRecords: 5_000,
    maxBlockMs: 5_000,
  }),
  deliveryTimeoutMs: 120_000,
  onTimeout: 'fail-key',
  requestTimeoutMs: 30_000,
  connectTimeoutMs: 10_000,
  retry: Object.freeze({ baseMs: 100, maxMs: 2_000 }),
  unknownTopicRetries: 5,
  metadataMaxAgeMs: 300_000,
  pool: Object.freeze({
    slotsPerProducer: 4,
    replaceBaseMs: 100,
    replaceMaxMs: 10_000,
    retireGraceMs: 5_000,
    killTimeoutMs: 2_000,
  }),
  laneIdleMs: 60_000,
  startTimeoutMs: 10_000,
  closeTimeoutMs: 30_000,
  maxTopicStats: 200,
  maxKeyBytes: 4_096,
  maxHeaders: 64,
  maxHeaderBytes: 16_384,
} as const);

const MAX = Number.MAX_SAFE_INTEGER;
/** A longer Node.js timer fires at once. */
const MAX_TIMER = 2_147_483_647;

/** Inclusive range of every number, by path. */
export const PRODUCER_POOL_LIMITS = Object.freeze({
  lingerMs: [0, 60_000],
  maxBatchRecords: [1, 100_000],
  maxBatchBytes: [1, MAX],
  maxRequestBytes: [1_024, MAX],
  'buffer.maxBytes': [1, MAX],
  'buffer.maxRecords': [1, MAX],
  'buffer.maxLaneBytes': [1, MAX],
  'buffer.maxLaneRecords': [1, MAX],
  'buffer.maxBlockMs': [0, 600_000],
  deliveryTimeoutMs: [1, MAX_TIMER],
  requestTimeoutMs: [1_000, 300_000],
  connectTimeoutMs: [500, 120_000],
  attemptTimeoutMs: [1_500, MAX_TIMER],
  'retry.baseMs': [1, 60_000],
  'retry.maxMs': [1, 60_000],
  unknownTopicRetries: [0, 100],
  metadataMaxAgeMs: [1_000, MAX_TIMER],
  'pool.slotsPerProducer': [1, 256],
  'pool.replaceBaseMs': [1, 600_000],
  'pool.replaceMaxMs': [1, 600_000],
  'pool.retireGraceMs': [0, 600_000],
  'pool.killTimeoutMs': [100, 60_000],
  laneIdleMs: [100, 3_600_000],
  startTimeoutMs: [100, MAX_TIMER],
  closeTimeoutMs: [100, MAX_TIMER],
  maxTopicStats: [1, 10_000],
  maxKeyBytes: [1, MAX],
  maxHeaders: [0, 1_000],
  maxHeaderBytes: [0, MAX],
} as const satisfies Readonly<Record<string, readonly [min: number, max: number]>>);

/** Every option with its value: a frozen copy, checked as a whole. */
export interface ResolvedProducerPoolOptions extends Required<
  Omit<ProducerPoolOptions, 'buffer' | 'retry' | 'pool' | 'guard'>
> {
  readonly buffer: Required<BufferOptions>;
  readonly retry: Required<RetryDelayOptions>;
  readonly pool: Required<PoolOptions>;
  readonly guard: CallGuard | undefined;
}

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
  const pool = { ...PRODUCER_POOL_DEFAULTS.pool, ...options.pool };
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
    pool: Object.freeze(pool),
  };
};

const numberAt = (resolved: ResolvedProducerPoolOptions, path: string): unknown => {
  let value: unknown = resolved;
  for (const part of path.split('.'))
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
  return value;
};

const rangeIssues = (o: ResolvedProducerPoolOptions): readonly string[] =>
  Object.entries<readonly [number, number]>(PRODUCER_POOL_LIMITS).flatMap(([path, [min, max]]) => {
    const value = numberAt(o, path);
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
    return fits ? [] : [`${path} must be a whole number from ${min} to ${max}`];
  });

/** Rules between options; each names what to change. */
const relationIssues = (o: ResolvedProducerPoolOptions): readonly string[] => {
  const { buffer, driver } = o;
  const inFlight = driver.capabilities.inFlightPerBroker.idempotent;
  const leastAttemptMs = o.requestTimeoutMs + o.connectTimeoutMs;
  const rules: readonly (readonly [broken: boolean, issue: string])[] = [
    [!NAME.test(o.name), 'name must match ^[a-z][a-z0-9-]{0,62}$'],
    [
      !['all', 'leader'].includes(o.acks),
      "acks must be 'all' or 'leader': without acknowledgements nothing can be verified",
    ],
    [!['fail-key', 'skip'].includes(o.onTimeout), "onTimeout must be 'fail-key' or 'skip'"],
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
    [o.pool.replaceBaseMs > o.pool.replaceMaxMs, 'pool.replaceBaseMs must not exceed pool.replaceMaxMs'],
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
