import type { FailedOutcome } from '../../src/failure-class.ts';
import { type ClaimedRow, shardOf } from '../../src/record.ts';
import type { RelayRules } from '../../src/relay-protocol.ts';

/** A claimed row; its id is its place, its shard that of its key. */
export const row = (seq: number, key: string | null, more: Partial<ClaimedRow> = {}): ClaimedRow => ({
  seq: BigInt(seq),
  shard: shardOf({ id: `e${seq}`, key }),
  attempts: 0,
  bytes: 10,
  waitMs: 0,
  ageMs: 0,
  lane: undefined,
  record: { id: `e${seq}`, topic: 'orders', key, headers: {}, value: '' },
  ...more,
});

export const failed = (
  scope: FailedOutcome['scope'],
  outcome: FailedOutcome['outcome'],
  more: Partial<FailedOutcome> = {},
): FailedOutcome => ({
  ok: false,
  scope,
  outcome,
  code: `TEST_${scope.toUpperCase()}`,
  error: undefined,
  ...more,
});

export const RULES: RelayRules = {
  batchRecords: 4,
  batchBytes: 1_000,
  maxInFlightBatches: 2,
  sendTimeoutMs: 1_000,
  lease: { leaseMs: 10_000, renewMs: 3_000, safetyMs: 2_000 },
  poll: { minMs: 5, maxMs: 250 },
  maxAttempts: 3,
  keyBackoff: { baseMs: 100, maxMs: 400 },
  topicBackoff: { baseMs: 100, maxMs: 800 },
  keepsKeyPrefix: true,
  hasGuard: false,
};
