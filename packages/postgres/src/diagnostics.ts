import { channel, type Channel } from 'node:diagnostics_channel';

import type { PostgresErrorCode } from './errors.ts';
import type { Verdict } from './guard/verdict.ts';
import type { HealthReason, HealthStatus } from './health.ts';
import type { RetireReason } from './lease-model.ts';
import type { ConnectionRecord, ConnectPhases } from './lifecycle.ts';
import type { GapReason } from './listener-model.ts';
import type { StatementSplit } from './split.ts';

// Channels `busbar:postgres:<event>`. `pool` is the option `name`. Messages never hold parameters or rows; errors are our own, sanitised.

export interface CreatedMessage {
  readonly name: string;
  /** Has `stats()` and `health()`. */
  readonly instance: object;
}
export interface ClosedMessage {
  readonly name: string;
}
/** An attempt to open a connection has ended. */
export interface ConnectMessage {
  readonly pool: string;
  readonly host: string;
  readonly ok: boolean;
  readonly phases: ConnectPhases;
  readonly error?: Error;
}
export interface ConnectionClosedMessage {
  readonly pool: string;
  readonly record: ConnectionRecord;
}
export interface LeaseMessage {
  readonly pool: string;
  readonly label: string | undefined;
  readonly waitMs: number;
}
export interface ReleaseMessage {
  readonly pool: string;
  readonly label: string | undefined;
  readonly useMs: number;
}
/** A caller was turned away (`queue-full`) or waited in vain (`acquire-timeout`). */
export interface PressureMessage {
  readonly pool: string;
  readonly label: string | undefined;
  readonly waitedMs: number;
  readonly queued: number;
  readonly active: number;
}
export interface QueryMessage {
  readonly pool: string;
  readonly verdict: Verdict;
  readonly label: string | undefined;
  /** From the call to its end, waiting included. */
  readonly durationMs: number;
  readonly acquireMs: number;
  /** Of 1 in 256 statements that are not prepared. */
  readonly split?: StatementSplit;
  readonly rows: number;
  readonly sqlState?: string;
  readonly code?: PostgresErrorCode;
  readonly attempt: number;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}
/** A statement took `slowQueryMs` or longer, its wait for a connection not counted. */
export interface QuerySlowMessage {
  readonly pool: string;
  readonly verdict: Verdict;
  readonly label: string | undefined;
  readonly durationMs: number;
  readonly rows: number;
  /** The statement without its literals and comments, cut off at 2 000 characters. */
  readonly statement: string;
}
/** A statement over a limit of the query guard, in mode `warn` or `block`. */
export interface GuardMessage {
  readonly pool: string;
  readonly label: string | undefined;
  readonly verdict: Verdict;
  readonly action: 'warned' | 'blocked';
}
export interface TxMessage {
  readonly pool: string;
  readonly label: string | undefined;
  readonly outcome: 'commit' | 'rollback' | 'unknown';
  readonly durationMs: number;
  readonly attempts: number;
  readonly statements: number;
}
export interface TxRetryMessage {
  readonly pool: string;
  readonly label: string | undefined;
  readonly sqlState: string | undefined;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  readonly delayMs: number;
}
/** A lease came back with an open transaction; it is rolled back before anybody else gets the connection. */
export interface DirtyReleaseMessage {
  readonly pool: string;
  readonly label: string | undefined;
}
export interface LeaseLostMessage {
  readonly pool: string;
  readonly label: string | undefined;
  readonly sqlState: string | undefined;
  readonly reason: RetireReason;
}
/** Somebody has held a connection for `leak.warnAfterMs`; on `leak-cleared` he has given it back. */
export interface LeakMessage {
  readonly pool: string;
  readonly label: string | undefined;
  readonly heldMs: number;
  /** Where it was taken, if its stack was. */
  readonly stack?: string;
}
/** The connections of a pool are replaced. */
export interface GenerationMessage {
  readonly pool: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}
export interface CancelMessage {
  readonly pool: string;
  readonly ms: number;
  /** The server closed the cancel's socket, or it did not. */
  readonly result: 'noticed' | 'unanswered';
}
/** A report says something else than the one before; reports are made when `health()` is called. */
export interface HealthMessage {
  readonly pool: string;
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  readonly reasons: readonly HealthReason[];
}
/** Somebody who listens to a channel may have missed notifications, and hears them again. */
export interface ListenGapMessage {
  readonly pool: string;
  readonly channel: string;
  readonly reason: GapReason;
  /** From the end of the old connection to the server's word on the new one. */
  readonly lastedMs: number;
}
/** What was called for a notification, or for a gap, threw; the others are called all the same. */
export interface ListenerErrorMessage {
  readonly pool: string;
  readonly channel: string;
  /** What was thrown is its cause, which is not shown: a parser's message repeats the payload. */
  readonly error: Error;
}
/** A hook of a transaction threw; its outcome stands. */
export interface HookErrorMessage {
  readonly pool: string;
  readonly hook: 'afterCommit' | 'afterRollback' | 'afterUnknown';
  /** What was thrown is its cause, which is not shown. */
  readonly error: Error;
}

/** By event: every channel of the package. */
export interface Messages {
  readonly created: CreatedMessage;
  readonly closed: ClosedMessage;
  readonly connect: ConnectMessage;
  readonly 'connection-closed': ConnectionClosedMessage;
  readonly lease: LeaseMessage;
  readonly release: ReleaseMessage;
  readonly 'acquire-timeout': PressureMessage;
  readonly 'queue-full': PressureMessage;
  readonly query: QueryMessage;
  readonly 'query-slow': QuerySlowMessage;
  readonly guard: GuardMessage;
  readonly tx: TxMessage;
  readonly 'tx-retry': TxRetryMessage;
  readonly 'dirty-release': DirtyReleaseMessage;
  readonly 'lease-lost': LeaseLostMessage;
  readonly leak: LeakMessage;
  readonly 'leak-cleared': LeakMessage;
  readonly generation: GenerationMessage;
  readonly cancel: CancelMessage;
  readonly health: HealthMessage;
  readonly 'listen-gap': ListenGapMessage;
  readonly 'listener-error': ListenerErrorMessage;
  readonly 'hook-error': HookErrorMessage;
}

const of = (event: keyof Messages): Channel => channel(`busbar:postgres:${event}`);

const CHANNELS: Readonly<Record<keyof Messages, Channel>> = {
  created: of('created'),
  closed: of('closed'),
  connect: of('connect'),
  'connection-closed': of('connection-closed'),
  lease: of('lease'),
  release: of('release'),
  'acquire-timeout': of('acquire-timeout'),
  'queue-full': of('queue-full'),
  query: of('query'),
  'query-slow': of('query-slow'),
  guard: of('guard'),
  tx: of('tx'),
  'tx-retry': of('tx-retry'),
  'dirty-release': of('dirty-release'),
  'lease-lost': of('lease-lost'),
  leak: of('leak'),
  'leak-cleared': of('leak-cleared'),
  generation: of('generation'),
  cancel: of('cancel'),
  health: of('health'),
  'listen-gap': of('listen-gap'),
  'listener-error': of('listener-error'),
  'hook-error': of('hook-error'),
};

/** Publishes a message; it is built only if somebody listens. */
export const publish = <K extends keyof Messages>(event: K, build: () => Messages[K]): void => {
  const target = CHANNELS[event];
  if (target.hasSubscribers) target.publish(build());
};
