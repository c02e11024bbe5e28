/**
 * The state of a lane, its events and effects, and the few steps that everything else is made of. The transitions are in `lane.ts`.
 */
import { type Backoff, nextDelayMs } from '@busbar/retry';

import type { Batch, Entry } from './batch.ts';
import type { DriverFault } from './driver.ts';
import type { ProducerErrorDetails, ProducerPoolError } from './errors.ts';
import type { BatchAck } from './settlement.ts';

export type LanePhase = 'idle' | 'lingering' | 'ready' | 'sending' | 'backoff' | 'fenced';

export interface LanePolicy {
  readonly pool: string;
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
  readonly lingerMs: number;
  readonly backoff: Backoff;
  readonly unknownTopicRetries: number;
  readonly onTimeout: 'fail-key' | 'skip';
  readonly random: () => number;
}

export interface Lane {
  readonly topic: string;
  /** Undefined for the records of a topic that is not known yet: such a lane is never sent from. */
  readonly partition: number | undefined;
  phase: LanePhase;
  /** Sealed batches and halves of a bisection, oldest first; all go before the queue. */
  batches: Batch[];
  queue: Entry[];
  queuedBytes: number;
  /** When `lingering` or `backoff` ends. */
  dueAtMs: number;
  /** Since when a call could have started. */
  readySinceMs: number;
  /** No entry expires earlier. */
  nextDeadlineMs: number;
  throttledUntilMs: number;
  /** Retries since the last answer, and the delay before the last of them. */
  retries: number;
  delayMs: number;
  /** Faults in a row that concern this lane alone. */
  laneFaults: number;
  unknownTopicFaults: number;
  /** When the broker first called the head batch corrupt. */
  corruptSinceMs: number | undefined;
  /** The guard refused: the next record may ask it again at once. */
  refused: boolean;
  /** A kill did not come back: nothing may be sent until it has. */
  stuck: boolean;
}

export type LaneEvent =
  | { readonly type: 'enqueue'; readonly entry: Entry }
  | { readonly type: 'flush' }
  | { readonly type: 'tick' }
  | { readonly type: 'send' }
  | {
      readonly type: 'acked';
      readonly baseOffset: bigint | undefined;
      readonly producerId: string;
      readonly throttleMs: number;
    }
  | {
      readonly type: 'failed';
      readonly fault: DriverFault;
      readonly error: unknown;
      /** The fault is this lane's own: others are being acknowledged (LN-9). */
      readonly laneFault: boolean;
      /** When another call of the topic was last acknowledged. */
      readonly topicAckedAtMs: number;
    }
  | { readonly type: 'refused'; readonly error: ProducerPoolError }
  | { readonly type: 'stuck'; readonly error: ProducerPoolError }
  | { readonly type: 'abort'; readonly entries: ReadonlySet<Entry>; readonly reason: unknown }
  | { readonly type: 'handOver' }
  | { readonly type: 'close' };

export type LaneEffect =
  | { readonly type: 'call'; readonly batch: Batch }
  /** All records of the batch have left. To those that are `answered` already it is the later truth; the shell marks the others. */
  | { readonly type: 'acknowledge'; readonly batch: Batch; readonly ack: BatchAck }
  /** `first`: the caller's answer, else the later truth. `final`: the record has left and its memory is free. */
  | {
      readonly type: 'fail';
      readonly entry: Entry;
      readonly error: ProducerPoolError;
      readonly first: boolean;
      readonly final: boolean;
    };

export const createLane = (topic: string, partition: number | undefined): Lane => ({
  topic,
  partition,
  phase: 'idle',
  batches: [],
  queue: [],
  queuedBytes: 0,
  dueAtMs: Number.POSITIVE_INFINITY,
  readySinceMs: 0,
  nextDeadlineMs: Number.POSITIVE_INFINITY,
  throttledUntilMs: 0,
  retries: 0,
  delayMs: 0,
  laneFaults: 0,
  unknownTopicFaults: 0,
  corruptSinceMs: undefined,
  refused: false,
  stuck: false,
});

/** True while the lane has a record, answered or not. */
export const isOccupied = (lane: Lane): boolean => lane.batches.length > 0 || lane.queue.length > 0;

/** True while a batch waits that an attempt has failed to deliver. */
export const isFailing = (lane: Lane): boolean => lane.batches.some((batch) => batch.outcome !== undefined);

/** The next moment at which a `tick` changes something; Infinity for none. */
export const laneDueAtMs = (lane: Lane): number =>
  Math.min(
    lane.phase === 'lingering' || lane.phase === 'backoff' ? lane.dueAtMs : Number.POSITIVE_INFINITY,
    lane.nextDeadlineMs,
  );

/** One event being carried out. */
export interface Step {
  readonly lane: Lane;
  readonly policy: LanePolicy;
  readonly nowMs: number;
  /** Undefined while there is none: most events are a record that joins the queue. */
  effects: LaneEffect[] | undefined;
}

export const emit = (step: Step, effect: LaneEffect): void => {
  step.effects ??= [];
  step.effects.push(effect);
};

/** Allow-listed facts for an error of this lane. */
export const details = (step: Step, scope: ProducerErrorDetails['scope'], attempts?: number): ProducerErrorDetails => ({
  pool: step.policy.pool,
  scope,
  topic: step.lane.topic,
  partition: step.lane.partition,
  attempts,
});

const fail = (step: Step, entry: Entry, o: { readonly error: ProducerPoolError; readonly final: boolean }): void => {
  const { error, final } = o;
  const first = !entry.answered;
  entry.answered = true;
  entry.gone ||= final;
  if (entry.call !== undefined && entry.keyId !== undefined) {
    entry.call.blockedKeys.add(callKey(entry.topic, entry.keyId));
  }
  emit(step, { type: 'fail', entry, error, first, final });
};

/** The record leaves the lane without an acknowledgement; to a caller who has an answer already it is the later truth. */
export const leave = (step: Step, entry: Entry, error: ProducerPoolError): void => {
  fail(step, entry, { error, final: true });
};

/** The caller gets an answer while the record stays on its way. */
export const answerEarly = (step: Step, entry: Entry, error: ProducerPoolError): void => {
  fail(step, entry, { error, final: false });
};

/** Key within a `publishBatch` call; topic names have no slash. */
export const callKey = (topic: string, keyId: string): string => `${topic}/${keyId}`;

/** True once an earlier record of its key and `publishBatch` call has failed (LN-15). */
export const isBlocked = ({ call, topic, keyId }: Entry): boolean =>
  call !== undefined && keyId !== undefined && call.blockedKeys.has(callKey(topic, keyId));

export const becomeReady = (step: Step): void => {
  step.lane.phase = 'ready';
  step.lane.readySinceMs = step.nowMs;
};

/** What comes next when no call is outstanding. */
export const rest = (step: Step): void => {
  const { lane, nowMs } = step;
  if (!isOccupied(lane)) {
    lane.phase = 'idle';
    lane.nextDeadlineMs = Number.POSITIVE_INFINITY;
  } else if (nowMs < lane.throttledUntilMs) {
    lane.phase = 'backoff';
    lane.dueAtMs = lane.throttledUntilMs;
  } else becomeReady(step);
};

/** Waits before the next attempt: exponential with full jitter, at least `atLeastMs`. */
export const backOff = (step: Step, atLeastMs: number): void => {
  const { lane, policy, nowMs } = step;
  lane.retries += 1;
  lane.delayMs = nextDelayMs(policy.backoff, { retry: lane.retries, previousMs: lane.delayMs }, policy.random);
  lane.phase = 'backoff';
  lane.dueAtMs = nowMs + Math.max(lane.delayMs, atLeastMs);
};
