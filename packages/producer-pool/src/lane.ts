/**
 * A lane is one topic-partition: its queue, its frozen batches and at most one outstanding call.
 *
 *   idle ──enqueue──► lingering ──due, full, flush──► ready ──send──► sending ──acked──► idle | ready
 *                                                       ▲               │ └─ a caller is answered early ─► fenced (then as sending)
 *                                                       └──due── backoff ◄─failed, refused
 *
 * `nextLane` decides and does nothing else: no timer, no I/O, no clock of its own. It advances the state in place, because a lane may
 * hold thousands of records; the effects say what the shell has to do.
 *
 * Invariants:
 * - at most one call is outstanding, and it carries `batches[0]` (LN-2);
 * - a sealed batch (one that a call carried) keeps its entries until the broker has answered or the pool closes, even when nobody waits
 *   for them any more, and goes before everything behind it: a stale copy still on its way can only become a late duplicate (LN-4, LN-10);
 * - every entry is settled to its caller exactly once, in queue order within its cause; a later truth follows at most once (LN-12);
 * - after a failure no later record of the same key and `publishBatch` call is sent (LN-15).
 */
import { attempted, type Batch, bisect, type Entry, takeBatch, type TriedBatch, withOutcome } from './batch.ts';
import { ProducerKeyBlockedError, type ProducerPoolError, ProducerUnavailableError } from './errors.ts';
import { CORRUPT_MESSAGE, INVALID_TIMESTAMP, UNKNOWN_TOPIC } from './kafka-errors.ts';
import { abort, blockSuccessors, close, expire, refused, stuck } from './lane-answers.ts';
import {
  backOff,
  becomeReady,
  details,
  emit,
  isBlocked,
  type Lane,
  type LaneEffect,
  type LaneEvent,
  type LanePolicy,
  leave,
  rest,
  type Step,
} from './lane-state.ts';
import { rejectionError } from './rejection.ts';

/** Faults in a row of a lane alone after which it refuses new records at once instead of keeping their callers (LN-9). */
const LANE_FAULTS_TO_REFUSE = 3;

const NO_EFFECTS: readonly LaneEffect[] = [];

/** Advances a lane by one event and returns what the shell has to do, in order. */
// oxlint-disable-next-line complexity -- one case per event
export const nextLane = (
  lane: Lane,
  event: LaneEvent,
  context: { readonly policy: LanePolicy; readonly nowMs: number },
): readonly LaneEffect[] => {
  const step: Step = { lane, policy: context.policy, nowMs: context.nowMs, effects: undefined };
  switch (event.type) {
    case 'enqueue':
      enqueue(step, event.entry);
      break;
    case 'flush':
      if (lane.phase === 'lingering') becomeReady(step);
      break;
    case 'tick':
      tick(step);
      break;
    case 'send':
      send(step);
      break;
    case 'acked':
      acked(step, event);
      break;
    case 'failed':
      callFailed(step, event);
      break;
    case 'refused':
      refused(step, event.error);
      break;
    case 'stuck':
      stuck(step, event.error);
      break;
    case 'abort':
      abort(step, event);
      break;
    case 'handOver':
      handOver(lane);
      break;
    case 'close':
      close(step);
      break;
  }
  return step.effects ?? NO_EFFECTS;
};

/** Why a record is not taken into the lane, undefined if it is. */
const refusalOf = (step: Step, entry: Entry): ProducerPoolError | undefined => {
  const { lane, nowMs } = step;
  if (isBlocked(entry)) return new ProducerKeyBlockedError(details(step, 'record'));
  const failing = lane.laneFaults >= LANE_FAULTS_TO_REFUSE && entry.call === undefined;
  if (!lane.stuck && !failing) return undefined;
  const retryAfterMs = Math.max(0, lane.phase === 'backoff' ? lane.dueAtMs - nowMs : 0);
  return new ProducerUnavailableError(details(step, 'lane'), 'this partition is failing', { retryAfterMs });
};

const enqueue = (step: Step, entry: Entry): void => {
  const { lane, policy, nowMs } = step;
  const refusal = refusalOf(step, entry);
  if (refusal !== undefined) return leave(step, entry, refusal);
  lane.queue.push(entry);
  lane.queuedBytes += entry.sizeBytes;
  lane.nextDeadlineMs = Math.min(lane.nextDeadlineMs, entry.deadlineAtMs);
  if (lane.phase === 'idle') {
    lane.phase = 'lingering';
    lane.dueAtMs = Math.max(nowMs + policy.lingerMs, lane.throttledUntilMs);
  }
  const full = lane.queue.length >= policy.maxBatchRecords || lane.queuedBytes >= policy.maxBatchBytes;
  const open = nowMs >= lane.throttledUntilMs;
  if ((lane.phase === 'lingering' && full && open) || (lane.phase === 'backoff' && lane.refused)) becomeReady(step);
};

const tick = (step: Step): void => {
  const { lane, nowMs } = step;
  if (nowMs >= lane.nextDeadlineMs) expire(step);
  if ((lane.phase === 'lingering' || lane.phase === 'backoff') && nowMs >= lane.dueAtMs) rest(step);
};

const send = (step: Step): void => {
  const { lane, policy } = step;
  if (lane.phase !== 'ready' || lane.stuck || lane.partition === undefined) return;
  if (lane.batches.length === 0) {
    const batch = takeBatch(lane.queue, policy);
    lane.queuedBytes -= batch.sizeBytes;
    if (batch.entries.length > 0) lane.batches = [batch];
  }
  const [head] = lane.batches;
  if (head === undefined) return rest(step);
  const batch = attempted(head);
  lane.batches[0] = batch;
  lane.phase = 'sending';
  lane.refused = false;
  emit(step, { type: 'call', batch });
};

const forgetFaults = (lane: Lane): void => {
  lane.retries = 0;
  lane.delayMs = 0;
  lane.laneFaults = 0;
  lane.unknownTopicFaults = 0;
  lane.corruptSinceMs = undefined;
  lane.refused = false;
};

const acked = (step: Step, event: LaneEvent & { type: 'acked' }): void => {
  const { lane, nowMs } = step;
  const batch = lane.batches.shift();
  const { topic, partition } = lane;
  if (batch === undefined || partition === undefined) return;
  const { baseOffset, producerId } = event;
  for (const entry of batch.entries) entry.gone = true;
  const ack = { topic, partition, baseOffset, attempts: batch.attempts, producerId };
  emit(step, { type: 'acknowledge', batch, ack });
  forgetFaults(lane);
  lane.stuck = false;
  lane.throttledUntilMs = event.throttleMs > 0 ? nowMs + event.throttleMs : 0;
  rest(step);
};

/** What a fault means for the head batch once its circumstances are weighed. */
type Verdict = 'retry' | 'record' | 'topic' | 'client';

const weigh = (step: Step, batch: Batch, event: LaneEvent & { type: 'failed' }): Verdict => {
  const { lane, policy, nowMs } = step;
  const { fault } = event;
  if (fault.kafkaCode === UNKNOWN_TOPIC) {
    lane.unknownTopicFaults += 1;
    return lane.unknownTopicFaults > policy.unknownTopicRetries ? 'topic' : 'retry';
  }
  if (fault.kafkaCode === CORRUPT_MESSAGE) {
    // Once may be the wire. Twice is the record, provided that others of the topic get through; else codec or network card.
    if (lane.corruptSinceMs !== undefined) return event.topicAckedAtMs > lane.corruptSinceMs ? 'record' : 'client';
    lane.corruptSinceMs = nowMs;
    return 'retry';
  }
  // A wrong clock of this machine is never the event's fault.
  if (fault.kafkaCode === INVALID_TIMESTAMP)
    return batch.entries.some((entry) => entry.ownTimestamp) ? 'record' : 'client';
  return fault.kind === 'transient' || fault.kind === 'producer-broken' ? 'retry' : fault.kind;
};

const callFailed = (step: Step, event: LaneEvent & { type: 'failed' }): void => {
  const { lane } = step;
  const [head] = lane.batches;
  if (head === undefined) return;
  const batch = withOutcome(head, event.fault.outcome);
  lane.batches[0] = batch;
  lane.stuck = false;
  const verdict = weigh(step, batch, event);
  if (verdict === 'retry') {
    lane.laneFaults = event.laneFault ? lane.laneFaults + 1 : 0;
    backOff(step, 0);
    return;
  }
  // The same bytes would have been refused before: the refusal ends the doubt that earlier attempts left. Damage on the wire does not.
  const certain = verdict === 'record' && event.fault.kafkaCode !== CORRUPT_MESSAGE;
  const answered: TriedBatch = certain ? { ...batch, outcome: 'rejected' } : batch;
  if (verdict === 'record' && batch.entries.length > 1) lane.batches.splice(0, 1, ...bisect(answered));
  else reject(step, answered, { verdict, event });
  lane.retries = 0;
  lane.laneFaults = 0;
  rest(step);
};

const reject = (
  step: Step,
  batch: TriedBatch,
  o: { verdict: 'record' | 'topic' | 'client'; event: LaneEvent & { type: 'failed' } },
): void => {
  const { lane, policy } = step;
  lane.batches.shift();
  // The next batch has its own first chance.
  lane.corruptSinceMs = undefined;
  const error = rejectionError({
    pool: policy.pool,
    topic: lane.topic,
    partition: lane.partition,
    fault: o.event.fault,
    scope: o.verdict,
    attempts: batch.attempts,
    outcome: batch.outcome,
    cause: o.event.error,
  });
  for (const entry of batch.entries) leave(step, entry, error);
  blockSuccessors(step);
};

/** The queue has been taken to the lanes of its partitions. */
const handOver = (lane: Lane): void => {
  lane.queue = [];
  lane.queuedBytes = 0;
  lane.phase = 'idle';
  lane.nextDeadlineMs = Number.POSITIVE_INFINITY;
};
