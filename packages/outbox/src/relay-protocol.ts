import type { BrokerGate } from './broker-gate.ts';
import type { FailedOutcome, FailureClass } from './failure-class.ts';
import type { KeyOrder } from './key-order.ts';
import type { PublishOutcome } from './ports.ts';
import type { ClaimedRow } from './record.ts';
import type { Granted, LeaseView, Renewal } from './shard-balance.ts';
import type { Cadence } from './wake-up.ts';

/** What goes into the relay's core and comes out of it (`relay-state.ts`). All times are milliseconds of one monotonic clock. */
export interface RelayRules {
  readonly batchRecords: number;
  readonly batchBytes: number;
  readonly maxInFlightBatches: number;
  readonly sendTimeoutMs: number;
  readonly lease: { readonly leaseMs: number; readonly renewMs: number; readonly safetyMs: number };
  readonly poll: { readonly minMs: number; readonly maxMs: number };
  readonly maxAttempts: number;
  readonly keyBackoff: { readonly baseMs: number; readonly maxMs: number };
  readonly topicBackoff: { readonly baseMs: number; readonly maxMs: number };
  /** P2 of the publisher. */
  readonly keepsKeyPrefix: boolean;
  /** The publisher has a `ready()`. */
  readonly hasGuard: boolean;
}

/** What happens to an event that has used up its attempts. */
export type PoisonAction = 'park' | 'halt-key';

export type RelayEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'wake' }
  | { readonly kind: 'paused'; readonly paused: boolean }
  | { readonly kind: 'drain' }
  /** The deadline of a drain passed: settle what is known, leave the rest to the end of its lease. */
  | { readonly kind: 'give-up' }
  | ({ readonly kind: 'renewed' } & Renewal)
  | { readonly kind: 'acquired'; readonly sentAtMs: number; readonly shards: readonly Granted[] }
  | { readonly kind: 'released'; readonly shards: readonly number[] }
  | { readonly kind: 'lease-failed'; readonly random: number }
  | {
      readonly kind: 'rows';
      readonly id: number;
      readonly rows: readonly ClaimedRow[];
      readonly poison: PoisonAction;
      readonly random: number;
    }
  | { readonly kind: 'acked'; readonly id: number }
  | {
      readonly kind: 'charged';
      readonly id: number;
      /** What is still in the table, with its new count of faults and the time until its next attempt. */
      readonly rows: readonly { readonly seq: bigint; readonly attempts: number; readonly delayMs: number }[];
      readonly poison: PoisonAction;
    }
  | { readonly kind: 'parked'; readonly id: number }
  | { readonly kind: 'db-failed'; readonly id: number; readonly random: number }
  | {
      readonly kind: 'settled';
      readonly call: number;
      readonly outcomes: readonly { readonly index: number; readonly outcome: PublishOutcome }[];
      /** The call is over: what has no outcome now never gets one in time. */
      readonly ended: boolean;
    }
  /** The truth about a row whose call is over. */
  | { readonly kind: 'late'; readonly row: ClaimedRow; readonly outcome: PublishOutcome }
  | { readonly kind: 'guard-ready' };

export interface Fault {
  readonly row: ClaimedRow;
  readonly outcome: FailedOutcome;
}

export interface Park {
  readonly row: ClaimedRow;
  readonly reason: 'event' | 'port';
  /** undefined: found in the table with its attempts used up. */
  readonly outcome: FailedOutcome | undefined;
}

/** One statement on the work connection; the core has at most one open. */
export type WorkStatement =
  | {
      readonly kind: 'claim';
      readonly id: number;
      /** Rows to read of each shard. */
      readonly takes: ReadonlyMap<number, number>;
      readonly limit: number;
      readonly maxBytes: number;
    }
  | { readonly kind: 'ack'; readonly id: number; readonly rows: readonly ClaimedRow[] }
  | { readonly kind: 'charge'; readonly id: number; readonly faults: readonly Fault[] }
  | { readonly kind: 'park'; readonly id: number; readonly parks: readonly Park[] };

export type RelayCommand =
  | WorkStatement
  /** `proven`: shards whose takeover from a crashed owner has proved harmless. */
  | { readonly kind: 'renew'; readonly proven: readonly number[]; readonly capable: boolean }
  | { readonly kind: 'acquire'; readonly max: number }
  | { readonly kind: 'release'; readonly shards: readonly number[] }
  | { readonly kind: 'send'; readonly call: number; readonly rows: readonly ClaimedRow[] }
  | { readonly kind: 'wait-ready' }
  /** Nothing is in flight and no lease is held: the drain is over. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'emit'; readonly notice: RelayNotice };

/** What the relay has to tell; the shell counts it and publishes it on the channels. */
export type RelayNotice =
  | {
      readonly event: 'claimed';
      readonly rows: number;
      readonly dropped: number;
      readonly halted: number;
      readonly trigger: 'wake' | 'timer';
    }
  | { readonly event: 'fault'; readonly class: FailureClass; readonly row: ClaimedRow; readonly outcome: FailedOutcome }
  | { readonly event: 'deleted'; readonly rows: readonly { readonly row: ClaimedRow; readonly deliveryMs: number }[] }
  | { readonly event: 'parked'; readonly park: Park }
  | { readonly event: 'halted'; readonly row: ClaimedRow; readonly code: string }
  | { readonly event: 'retry'; readonly row: ClaimedRow; readonly attempts: number }
  | {
      readonly event: 'lease';
      readonly change: 'acquired' | 'lost' | 'released';
      readonly shards: readonly number[];
      readonly unclean: number;
    }
  | {
      readonly event: 'broker';
      readonly from: BrokerGate['state'];
      readonly to: BrokerGate['state'];
      readonly reason: string;
      readonly sinceMs: number;
    }
  | { readonly event: 'topic-blocked'; readonly topic: string; readonly code: string; readonly retryInMs: number }
  | { readonly event: 'port-violation'; readonly what: string; readonly row: ClaimedRow }
  | ({ readonly event: 'cycle' } & Cycle);

/** One call from its claim to its last DELETE. */
export interface Cycle {
  readonly durationMs: number;
  readonly claimed: number;
  readonly dropped: number;
  readonly published: number;
  readonly failed: number;
  readonly trigger: 'wake' | 'timer';
  readonly oldestAgeMs: number;
  readonly claimMs: number;
  readonly sendMs: number;
  /** From the last outcome to the answer of the last DELETE. */
  readonly ackMs: number;
  readonly shards: number;
}

/** What is known of the claim behind a call. */
export interface ClaimFacts {
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  readonly claimed: number;
  readonly dropped: number;
  readonly trigger: 'wake' | 'timer';
}

export interface OpenCall {
  readonly id: number;
  readonly rows: readonly ClaimedRow[];
  readonly outcomes: readonly (PublishOutcome | undefined)[];
  /** Keys of the call whose fate is open, with the indexes of their rows. */
  readonly open: ReadonlyMap<string, readonly number[]>;
  readonly sentAtMs: number;
  readonly endedAtMs: number | undefined;
  /** Acknowledged rows whose DELETE is not answered. */
  readonly undeleted: number;
  readonly claim: ClaimFacts;
  /** Reported as late beyond what the publisher may take. */
  readonly overdue: boolean;
}

export type OpenWork =
  | (Extract<WorkStatement, { kind: 'claim' }> & {
      readonly sentAtMs: number;
      readonly trigger: 'wake' | 'timer';
      readonly epochs: ReadonlyMap<number, string | undefined>;
    })
  | Exclude<WorkStatement, { kind: 'claim' }>;

export interface RelayState {
  readonly phase: 'running' | 'draining' | 'stopped';
  readonly paused: boolean;
  readonly leases: LeaseView;
  readonly order: KeyOrder;
  readonly gate: BrokerGate;
  readonly calls: ReadonlyMap<number, OpenCall>;
  readonly cadence: Cadence;
  readonly work: OpenWork | undefined;
  readonly acks: readonly ClaimedRow[];
  readonly acksSinceMs: number;
  readonly charges: readonly Fault[];
  readonly parks: readonly Park[];
  readonly database: { readonly failures: number; readonly retryAtMs: number };
  /** Since when the way to the broker or the work connection has been ill; undefined: well. */
  readonly illSinceMs: number | undefined;
  /** Rows that the last claim read and dropped, by shard, and their bytes: the next one reaches past them. */
  readonly hidden: { readonly rows: ReadonlyMap<number, number>; readonly bytes: number };
  /** The last claim left something behind that the end of a call or an ACK may free. */
  readonly waiting: boolean;
  readonly nextId: number;
}
