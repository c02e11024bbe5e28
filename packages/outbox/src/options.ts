import type { Backoff, Clock, Timers } from '@busbar/retry';

import type { Ordering } from './append.ts';
import type { ConnectionSource, Publisher, Queryable } from './ports.ts';
import type { PoisonAction } from './relay-protocol.ts';

/** What a direct publish does while the broker is away. */
export type WhenUnavailable = 'spill' | 'wait' | 'fail';

export interface RelayOptions {
  /** Whether this process relays; with false others have to. Default: true. */
  readonly enabled?: boolean;
  /** Records of a call to the publisher. Default: 1_000. Range: 1..10_000. */
  readonly batchRecords?: number;
  /** Bytes of a call, and of one record. Default: 4 MiB. Range: 64 KiB..64 MiB. */
  readonly batchBytes?: number;
  /** × batchRecords = window: records that are sent and not yet deleted; bounds the duplicates of a fault. Default: 2. Range: 1..16. */
  readonly maxInFlightBatches?: number;
  /** Time limit of a call to the publisher. Default: 10_000 ms. Range: 1_000..120_000. */
  readonly sendTimeoutMs?: number;
}

export interface OutboxOptions {
  readonly publisher: Publisher;
  /** Two dedicated connections of the relay, outside the pool of the business transactions. */
  readonly connections: ConnectionSource;
  /** For spills, samples and start-up checks: each statement stands for itself, so a pool fits. */
  readonly write: Queryable;
  /** Telemetry label. Default: `outbox`. */
  readonly name?: string;
  /** First part of the owner id in the lease table, which is new at each start. Default: host name and process id. */
  readonly owner?: string;
  /** Schema of the tables. Default: `busbar`. A lower-case identifier. */
  readonly schema?: string;
  /** `auto`: start() migrates. Default: `check`: it refuses when the tables do not fit. */
  readonly migrate?: 'check' | 'auto';
  readonly relay?: RelayOptions;
  /** How long a shard stays ours without a renewal. Default: 10_000 ms. Range: 1_000..600_000. */
  readonly leaseMs?: number;
  /** Renewal interval; one lost renewal must not matter. Default: 3_000 ms. Range: 100..leaseMs / 3. */
  readonly renewMs?: number;
  /** No send starts so shortly before the end of a lease. Default: 2_000 ms. Range: 0..leaseMs − renewMs, exclusive. */
  readonly safetyMs?: number;
  /** Polling goes from minMs, doubling while idle, to maxMs. Default: 5 and 250 ms. Range: 1 ≤ minMs ≤ maxMs < leaseMs. */
  readonly poll?: { readonly minMs?: number; readonly maxMs?: number };
  /** Faults of an event itself, full jitter. Default: 1_000 ms, 300_000 ms, 10 attempts. Range: ≥ 1; attempts 1..1_000. */
  readonly retry?: { readonly baseMs?: number; readonly maxMs?: number; readonly maxAttempts?: number };
  /** Faults of a partition; doubles, is never counted. Default: 1_000 and 30_000 ms. Range: ≥ 1. */
  readonly keyBackoff?: { readonly baseMs?: number; readonly maxMs?: number };
  /** Faults of a topic, from keyBackoff.baseMs; never counted. Default: 60_000 ms. Range: ≥ keyBackoff.baseMs. */
  readonly topicBackoff?: { readonly maxMs?: number };
  /** What happens to an event that used up its attempts: flow (`park`) or order (`halt-key`). Default: `park`. */
  readonly onPoison?: PoisonAction;
  readonly publish?: {
    /** Default: `spill`: a caller never waits for a sick broker. */
    readonly whenUnavailable?: WhenUnavailable;
    /** Time limit of a direct publish. Default: 5_000 ms. Range: 1..120_000. */
    readonly directTimeoutMs?: number;
  };
  readonly backlog?: {
    /** Rows at which a spill is refused. Default: 1_000_000. Range: 1..10⁹. */
    readonly maxEvents?: number;
    /** Bytes at which a spill is refused. Default: 1 GiB. Range: 1..1 TiB. */
    readonly maxBytes?: number;
    /** Age of the oldest row that is reported on the channel `backlog`; it refuses nothing. Default: 1 h. Range: ≥ 1 ms. */
    readonly maxAgeMs?: number;
    /** What `append` and `defer` do at a limit of events or bytes. Default: `warn`. */
    readonly policy?: 'warn' | 'reject';
  };
  /** Open dead letters at which `park` acts as `halt-key`. Default: 1_000_000. Range: 1..10⁹. */
  readonly deadMaxRows?: number;
  /** Interval of the backlog sample. Default: 15_000 ms. Range: ≥ 1_000. */
  readonly sampleIntervalMs?: number;
  /** Order of writers of a key: by their own locks (`insert`), or by one of ours (`strict`). Default: `insert`. */
  readonly ordering?: Ordering;
  /** Wraps polls and settles, for example to keep them out of traces. */
  readonly runInContext?: <T>(fn: () => T) => T;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: () => number;
}

const MIB = 1_048_576;

export const OUTBOX_DEFAULTS = Object.freeze({
  name: 'outbox',
  schema: 'busbar',
  migrate: 'check',
  relay: Object.freeze({
    enabled: true,
    batchRecords: 1_000,
    batchBytes: 4 * MIB,
    maxInFlightBatches: 2,
    sendTimeoutMs: 10_000,
  }),
  leaseMs: 10_000,
  renewMs: 3_000,
  safetyMs: 2_000,
  poll: Object.freeze({ minMs: 5, maxMs: 250 }),
  retry: Object.freeze({ baseMs: 1_000, maxMs: 300_000, maxAttempts: 10 }),
  keyBackoff: Object.freeze({ baseMs: 1_000, maxMs: 30_000 }),
  topicBackoff: Object.freeze({ maxMs: 60_000 }),
  onPoison: 'park',
  publish: Object.freeze({ whenUnavailable: 'spill', directTimeoutMs: 5_000 }),
  backlog: Object.freeze({ maxEvents: 1_000_000, maxBytes: 1_024 * MIB, maxAgeMs: 3_600_000, policy: 'warn' }),
  deadMaxRows: 1_000_000,
  sampleIntervalMs: 15_000,
  ordering: 'insert',
} as const);

/** Inclusive limits of the numeric options. */
export const OUTBOX_LIMITS = Object.freeze({
  'relay.batchRecords': [1, 10_000],
  'relay.batchBytes': [65_536, 64 * MIB],
  'relay.maxInFlightBatches': [1, 16],
  'relay.sendTimeoutMs': [1_000, 120_000],
  leaseMs: [1_000, 600_000],
  renewMs: [100, 200_000],
  safetyMs: [0, 600_000],
  'poll.minMs': [1, 600_000],
  'poll.maxMs': [1, 600_000],
  'retry.baseMs': [1, 86_400_000],
  'retry.maxMs': [1, 86_400_000],
  'retry.maxAttempts': [1, 1_000],
  'keyBackoff.baseMs': [1, 86_400_000],
  'keyBackoff.maxMs': [1, 86_400_000],
  'topicBackoff.maxMs': [1, 86_400_000],
  'publish.directTimeoutMs': [1, 120_000],
  'backlog.maxEvents': [1, 1_000_000_000],
  'backlog.maxBytes': [1, 1_048_576 * MIB],
  'backlog.maxAgeMs': [1, 31_536_000_000],
  deadMaxRows: [1, 1_000_000_000],
  sampleIntervalMs: [1_000, 3_600_000],
} as const);

export interface ResolvedOutboxOptions {
  readonly publisher: Publisher;
  readonly connections: ConnectionSource;
  readonly write: Queryable;
  readonly name: string;
  readonly owner: string;
  readonly schema: string;
  readonly migrate: 'check' | 'auto';
  readonly relay: Required<RelayOptions>;
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly safetyMs: number;
  readonly poll: { readonly minMs: number; readonly maxMs: number };
  readonly retry: Backoff & { readonly maxAttempts: number };
  readonly keyBackoff: { readonly baseMs: number; readonly maxMs: number };
  readonly topicBackoff: { readonly baseMs: number; readonly maxMs: number };
  readonly onPoison: PoisonAction;
  readonly publish: { readonly whenUnavailable: WhenUnavailable; readonly directTimeoutMs: number };
  readonly backlog: {
    readonly maxEvents: number;
    readonly maxBytes: number;
    readonly maxAgeMs: number;
    readonly policy: 'warn' | 'reject';
  };
  readonly deadMaxRows: number;
  readonly sampleIntervalMs: number;
  readonly ordering: Ordering;
  readonly runInContext: <T>(fn: () => T) => T;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
}
