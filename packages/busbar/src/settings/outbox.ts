import { Setting } from '@busbar/config';
import { OUTBOX_DEFAULTS as DEFAULTS, OUTBOX_LIMITS as LIMITS } from '@busbar/outbox';

import { count, duration, size } from './limits.ts';

const { boolean, durationMs, group, int, oneOf, sizeBytes, string } = Setting;

const MAX_BACKLOG_EVENTS = 1_000_000_000;

const relay = group({
  enabled: boolean({ default: DEFAULTS.relay.enabled, doc: 'whether this process relays; with false others must' }),
  batchRecords: int(
    count(LIMITS['relay.batchRecords'], DEFAULTS.relay.batchRecords, 'records of one call to the producers'),
  ),
  batchBytes: sizeBytes(
    size(LIMITS['relay.batchBytes'], DEFAULTS.relay.batchBytes, 'bytes of one call to the producers'),
  ),
  maxInFlightBatches: int(
    count(
      LIMITS['relay.maxInFlightBatches'],
      DEFAULTS.relay.maxInFlightBatches,
      'with batchRecords the window, which bounds duplicates',
    ),
  ),
  sendTimeoutMs: durationMs(
    duration(LIMITS['relay.sendTimeoutMs'], DEFAULTS.relay.sendTimeoutMs, 'of one call to the producers'),
  ),
});

/** The `outbox.*` settings: `BUSBAR_OUTBOX_…`. Meaning and rules are those of `OutboxOptions`. */
export const outboxSettings = group({
  schema: string({ default: DEFAULTS.schema, doc: 'schema of the tables', pattern: '^[a-z_][a-z0-9_]{0,62}$' }),
  relay,
  leaseMs: durationMs(duration(LIMITS.leaseMs, DEFAULTS.leaseMs, 'how long a shard stays ours without a renewal')),
  renewMs: durationMs(duration(LIMITS.renewMs, DEFAULTS.renewMs, 'interval of renewals')),
  safetyMs: durationMs(
    duration(LIMITS.safetyMs, DEFAULTS.safetyMs, 'no send starts so shortly before the end of a lease'),
  ),
  poll: group({
    minMs: durationMs(duration(LIMITS['poll.minMs'], DEFAULTS.poll.minMs, 'shortest polling interval')),
    maxMs: durationMs(duration(LIMITS['poll.maxMs'], DEFAULTS.poll.maxMs, 'longest polling interval, when idle')),
  }),
  retry: group({
    baseMs: durationMs(
      duration(
        LIMITS['retry.baseMs'],
        DEFAULTS.retry.baseMs,
        'first delay after a fault of the event itself; full jitter',
      ),
    ),
    maxMs: durationMs(duration(LIMITS['retry.maxMs'], DEFAULTS.retry.maxMs, 'longest such delay')),
    maxAttempts: int(
      count(LIMITS['retry.maxAttempts'], DEFAULTS.retry.maxAttempts, 'faults of the event itself before onPoison acts'),
    ),
  }),
  keyBackoff: group({
    baseMs: durationMs(
      duration(
        LIMITS['keyBackoff.baseMs'],
        DEFAULTS.keyBackoff.baseMs,
        'first delay after a fault of a partition; never counted',
      ),
    ),
    maxMs: durationMs(duration(LIMITS['keyBackoff.maxMs'], DEFAULTS.keyBackoff.maxMs, 'longest such delay')),
  }),
  topicBackoff: group({
    maxMs: durationMs(
      duration(
        LIMITS['topicBackoff.maxMs'],
        DEFAULTS.topicBackoff.maxMs,
        'longest delay after a fault of a topic; never counted',
      ),
    ),
  }),
  onPoison: oneOf(['park', 'halt-key'], {
    default: DEFAULTS.onPoison,
    doc: 'flow or order, for an event that used up its attempts',
  }),
  publish: group({
    whenUnavailable: oneOf(['spill', 'wait', 'fail'], {
      default: DEFAULTS.publish.whenUnavailable,
      doc: 'what a direct publish does while the broker is away',
    }),
    directTimeoutMs: durationMs(
      duration(LIMITS['publish.directTimeoutMs'], DEFAULTS.publish.directTimeoutMs, 'of a direct publish'),
    ),
  }),
  backlog: group({
    maxEvents: int({
      min: 1,
      max: MAX_BACKLOG_EVENTS,
      default: DEFAULTS.backlog.maxEvents,
      doc: 'rows at which a spill is refused',
    }),
    maxBytes: sizeBytes({
      min: 1,
      max: LIMITS['backlog.maxBytes'][1],
      default: DEFAULTS.backlog.maxBytes,
      doc: 'bytes at which a spill is refused',
    }),
    maxAgeMs: durationMs({
      min: 1,
      max: LIMITS['backlog.maxAgeMs'][1],
      default: DEFAULTS.backlog.maxAgeMs,
      doc: 'age of the oldest row that is reported',
    }),
    policy: oneOf(['warn', 'reject'], { default: DEFAULTS.backlog.policy, doc: 'what transactions meet at a limit' }),
  }),
  deadMaxRows: int({
    min: 1,
    max: LIMITS.deadMaxRows[1],
    default: DEFAULTS.deadMaxRows,
    doc: 'open dead letters at which park acts as halt-key',
  }),
  sampleIntervalMs: durationMs(
    duration(LIMITS.sampleIntervalMs, DEFAULTS.sampleIntervalMs, 'interval of the backlog sample'),
  ),
  ordering: oneOf(['insert', 'strict'], {
    default: DEFAULTS.ordering,
    doc: 'strict: writers of a key are ordered by a lock of ours',
  }),
});
