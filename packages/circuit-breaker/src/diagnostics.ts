/**
 * The channels `busbar:circuit-breaker:*` of `node:diagnostics_channel` and the shapes of their messages.
 *
 * Each publication is guarded by `hasSubscribers`, and there is none per successful call: unobserved, they cost nothing. A
 * subscriber that throws surfaces as an uncaught exception of its own (Node defers it), never in the protected call.
 */
import { channel } from 'node:diagnostics_channel';

import type { Breaker } from './breaker.ts';
import type { Verdict } from './classify.ts';
import type { RefusalReason } from './errors.ts';
import type { BreakerSettings } from './options.ts';
import type { State } from './state-machine.ts';

export interface CreatedMessage {
  readonly name: string;
  readonly options: BreakerSettings;
  readonly instance: Breaker;
}
export interface ClosedMessage {
  readonly name: string;
}
export interface RejectedMessage {
  readonly name: string;
  readonly state: State;
  readonly reason: RefusalReason;
  readonly retryAfterMs: number;
}
export interface ProbeMessage {
  readonly name: string;
  readonly verdict: Verdict;
  /** Absent when the probe was made through the permit API. */
  readonly durationMs?: number;
}
export interface ListenerErrorMessage {
  readonly name: string;
  readonly error: unknown;
}

export interface RestoreInvalidMessage {
  readonly name: string;
  /** What is wrong with the saved state; the breaker started closed. */
  readonly problem: string;
}

/** A call joined the queue of a degrader. */
export interface QueuedMessage {
  readonly name: string;
  /** Calls held, this one included. */
  readonly depth: number;
  readonly bytes: number;
}
/** What became of a call that was held. */
export type DequeuedResult = 'drained' | 'failed' | 'rejected' | 'expired' | 'aborted' | 'closed';
export interface DequeuedMessage {
  readonly name: string;
  readonly waitedMs: number;
  readonly result: DequeuedResult;
}
/** Why a payload became a dead letter: the dependency refused it, it waited for too long, or the degrader was closed. */
export type DeadReason = 'rejected' | 'expired' | 'closed';
export interface DeadLetteredMessage {
  readonly name: string;
  readonly reason: DeadReason;
  readonly ageMs: number;
}
export interface DeadLetterDroppedMessage {
  readonly name: string;
  readonly reason: 'overflow' | 'ttl';
}

export const createdChannel = channel('busbar:circuit-breaker:created');
/** The end of the instance, not the state `closed`: state changes are on `transition`. */
export const closedChannel = channel('busbar:circuit-breaker:closed');
export const transitionChannel = channel('busbar:circuit-breaker:transition');
export const rejectedChannel = channel('busbar:circuit-breaker:rejected');
export const probeChannel = channel('busbar:circuit-breaker:probe');
export const listenerErrorChannel = channel('busbar:circuit-breaker:listener-error');
export const restoreInvalidChannel = channel('busbar:circuit-breaker:restore-invalid');
export const queuedChannel = channel('busbar:circuit-breaker:queued');
export const dequeuedChannel = channel('busbar:circuit-breaker:dequeued');
export const deadLetteredChannel = channel('busbar:circuit-breaker:dead-lettered');
export const deadLetterDroppedChannel = channel('busbar:circuit-breaker:dead-letter-dropped');
