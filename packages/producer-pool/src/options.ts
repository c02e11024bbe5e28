import type { Clock, Timers } from '@busbar/retry';

import type { Acks, Compression, ProducerDriver } from './driver.ts';

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
  /** Producers kept open. Default: 1. Range: 1 to 64. */
  readonly min?: number;
  /** Most shared producers; spares and the one for failing partitions come on top. Default: 8. Range: 1 to 64. */
  readonly max?: number;
  /** Connected producers without partitions, which shorten a replacement. Default: 0. Range: 0 to 2. */
  readonly spares?: number;
  /** Connections (producers × brokers) at which scaling stops. Default: 256. Range: 1 to 10 000. */
  readonly maxConnections?: number;
  /** Calls at a time of one producer towards one broker, never more than the driver really runs. Default: 4. Range: 1 to 256. */
  readonly slotsPerProducer?: number;
  /** What they may grow to without idempotence, one a window, halved after a timeout. Default: 16. Range: 1 to 256. */
  readonly maxSlotsPerProducer?: number;
  /** More producers only if batches wait longer than this (95th percentile). Default: 5 ms. Range: 0 to 60 000. */
  readonly scaleUpWaitMs?: number;
  /** More producers only if a larger share of the slots is busy. Default: 0.8. Range: 0 to 1. */
  readonly scaleUpBusyRatio?: number;
  /** Share of the slots that shall be busy after scaling up. Default: 0.7. Range: 0.05 to 1. */
  readonly targetBusyRatio?: number;
  /** How often the load is looked at. Default: 1 000 ms. Range: 100 to 60 000. */
  readonly scaleWindowMs?: number;
  /** Busy windows in a row before scaling up. Default: 3. Range: 1 to 60. */
  readonly scaleUpWindows?: number;
  /** How far ahead the load is estimated. Default: 5 000 ms. Range: 0 to 600 000. */
  readonly forecastMs?: number;
  /** Default: 10 000 ms. Range: 0 to 3 600 000. */
  readonly scaleUpCooldownMs?: number;
  /** One producer fewer if a smaller share of the slots is busy. Default: 0.3. Range: 0 to below `scaleUpBusyRatio`. */
  readonly scaleDownBusyRatio?: number;
  /** For how long it must be smaller. Default: 60 000 ms. Range: 1 000 to 3 600 000. */
  readonly scaleDownAfterMs?: number;
  /** Default: 60 000 ms. Range: 0 to 3 600 000. */
  readonly scaleDownCooldownMs?: number;
  /** Producers above `min` without a call for this time are closed together. Default: 300 000 ms. Range: 0 (never) to 3 600 000. */
  readonly idleReapMs?: number;
  /** Delay before a producer is replaced, ×2 with full jitter. Default: 100 ms. Range: 1 to `replaceMaxMs`. */
  readonly replaceBaseMs?: number;
  /** Default: 10 000 ms. Range: to 600 000. */
  readonly replaceMaxMs?: number;
  /** What a retired producer gets to end its calls before it is killed. Default: 5 000 ms. Range: 0 to 600 000. */
  readonly retireGraceMs?: number;
  /** What a kill may take before the driver counts as broken. Default: 2 000 ms. Range: 100 to 60 000. */
  readonly killTimeoutMs?: number;
}

export interface ProbeOptions {
  /** After this time without traffic the cluster is asked for its brokers. Default: 30 000 ms. Range: 0 (never) to 3 600 000. */
  readonly idleMs?: number;
  /** Default: 5 000 ms. Range: 100 to 60 000. */
  readonly timeoutMs?: number;
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
  /** The watchdog over one call. Default: request + connect + 1 000 ms. Range: from request + connect. */
  readonly attemptTimeoutMs?: number;
  readonly retry?: RetryDelayOptions;
  /** Then UNKNOWN_TOPIC to the caller. Default: 5. Range: 0 to 100. */
  readonly unknownTopicRetries?: number;
  /**
   * When a topic gets more partitions and its keys move. `drain`: a record whose key lay in a partition that still holds records waits
   * until they are gone, so that no key is in two partitions at a time. `switch`: every record goes by the new count at once.
   * Default: `drain`.
   */
  readonly onPartitionGrowth?: 'drain' | 'switch';
  /** Default: 300 000 ms. Range: from 1 000. */
  readonly metadataMaxAgeMs?: number;
  readonly pool?: PoolOptions;
  readonly probe?: ProbeOptions;
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
  onPartitionGrowth: 'drain',
  metadataMaxAgeMs: 300_000,
  pool: Object.freeze({
    min: 1,
    max: 8,
    spares: 0,
    maxConnections: 256,
    slotsPerProducer: 4,
    maxSlotsPerProducer: 16,
    scaleUpWaitMs: 5,
    scaleUpBusyRatio: 0.8,
    targetBusyRatio: 0.7,
    scaleWindowMs: 1_000,
    scaleUpWindows: 3,
    forecastMs: 5_000,
    scaleUpCooldownMs: 10_000,
    scaleDownBusyRatio: 0.3,
    scaleDownAfterMs: 60_000,
    scaleDownCooldownMs: 60_000,
    idleReapMs: 300_000,
    replaceBaseMs: 100,
    replaceMaxMs: 10_000,
    retireGraceMs: 5_000,
    killTimeoutMs: 2_000,
  }),
  probe: Object.freeze({ idleMs: 30_000, timeoutMs: 5_000 }),
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

/** Inclusive range of every number, by path; ratios may have a fraction, all others are whole. */
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
  'pool.min': [1, 64],
  'pool.max': [1, 64],
  'pool.spares': [0, 2],
  'pool.maxConnections': [1, 10_000],
  'pool.slotsPerProducer': [1, 256],
  'pool.maxSlotsPerProducer': [1, 256],
  'pool.scaleUpWaitMs': [0, 60_000],
  'pool.scaleUpBusyRatio': [0, 1],
  'pool.targetBusyRatio': [0.05, 1],
  'pool.scaleWindowMs': [100, 60_000],
  'pool.scaleUpWindows': [1, 60],
  'pool.forecastMs': [0, 600_000],
  'pool.scaleUpCooldownMs': [0, 3_600_000],
  'pool.scaleDownBusyRatio': [0, 1],
  'pool.scaleDownAfterMs': [1_000, 3_600_000],
  'pool.scaleDownCooldownMs': [0, 3_600_000],
  'pool.idleReapMs': [0, 3_600_000],
  'pool.replaceBaseMs': [1, 600_000],
  'pool.replaceMaxMs': [1, 600_000],
  'pool.retireGraceMs': [0, 600_000],
  'pool.killTimeoutMs': [100, 60_000],
  'probe.idleMs': [0, 3_600_000],
  'probe.timeoutMs': [100, 60_000],
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
  Omit<ProducerPoolOptions, 'buffer' | 'retry' | 'pool' | 'probe' | 'guard'>
> {
  readonly buffer: Required<BufferOptions>;
  readonly retry: Required<RetryDelayOptions>;
  readonly pool: Required<PoolOptions>;
  readonly probe: Required<ProbeOptions>;
  readonly guard: CallGuard | undefined;
}
