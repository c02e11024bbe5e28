/** The steps of a lane that answer callers without an answer of the broker: refusal, expiry, abort, close, a blocked key. */
import { isSealed, notAttempted, type Entry, withoutGone } from './batch.ts';
import {
  ProducerAbortedError,
  ProducerClosedError,
  ProducerDeliveryTimeoutError,
  ProducerKeyBlockedError,
  type ProducerPoolError,
  ProducerUnavailableError,
} from './errors.ts';
import {
  answerEarly,
  backOff,
  details,
  isBlocked,
  isOccupied,
  type Lane,
  type LaneEvent,
  leave,
  rest,
  type Step,
} from './lane-state.ts';

/** Answers every caller at once; what may have been appended stays and is sent again, the rest leaves. */
const answerAll = (step: Step, errorOf: (sealed: boolean, attempts: number) => ProducerPoolError): void => {
  const { lane } = step;
  for (const batch of lane.batches) {
    const sealed = isSealed(batch);
    const error = errorOf(sealed, batch.attempts);
    for (const entry of batch.entries) {
      if (!sealed) leave(step, entry, error);
      else if (!entry.answered) answerEarly(step, entry, error);
    }
  }
  if (lane.queue.length > 0) {
    const error = errorOf(false, 0);
    for (const entry of lane.queue) leave(step, entry, error);
  }
  removeGone(lane);
};

/** The guard refused, or nothing can be opened: nobody is kept waiting (LN-9). */
export const refused = (step: Step, error: ProducerPoolError): void => {
  const { lane } = step;
  const [head] = lane.batches;
  if (head !== undefined && (lane.phase === 'sending' || lane.phase === 'fenced')) lane.batches[0] = notAttempted(head);
  answerAll(step, (sealed, attempts) => (sealed ? unavailable(step, error, attempts) : error));
  if (lane.batches.length === 0) return rest(step);
  backOff(step, error.retryAfterMs ?? 0);
  lane.refused = true;
};

const unavailable = (step: Step, error: ProducerPoolError, attempts: number): ProducerPoolError =>
  new ProducerUnavailableError(details(step, error.details.scope, attempts), 'nothing is sent at present', {
    cause: error,
    outcome: 'unknown',
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });

/** The producer of the outstanding call cannot be stopped (LN-10). */
export const stuck = (step: Step, error: ProducerPoolError): void => {
  step.lane.stuck = true;
  step.lane.phase = 'fenced';
  answerAll(step, (sealed, attempts) => (sealed ? unavailable(step, error, attempts) : error));
};

/** The pool closes: everything is answered, nothing is sent any more. */
export const close = (step: Step): void => {
  const { lane } = step;
  for (const batch of lane.batches) {
    const outcome = isSealed(batch) ? 'unknown' : 'not-sent';
    const error = new ProducerClosedError(details(step, 'pool', batch.attempts), { outcome });
    for (const entry of batch.entries) leave(step, entry, error);
  }
  const error = new ProducerClosedError(details(step, 'pool'));
  for (const entry of lane.queue) leave(step, entry, error);
  lane.batches = [];
  removeGone(lane);
  rest(step);
};

/** LN-13: what no call has carried leaves; the rest is delivered without its caller. */
export const abort = (step: Step, event: LaneEvent & { type: 'abort' }): void => {
  const { lane } = step;
  for (const batch of lane.batches) {
    const sealed = isSealed(batch);
    const init = { cause: event.reason, outcome: sealed ? 'unknown' : 'not-sent' } as const;
    for (const entry of batch.entries) {
      if (!event.entries.has(entry) || entry.answered) continue;
      const error = new ProducerAbortedError(details(step, 'record', batch.attempts), init);
      if (sealed) answerEarly(step, entry, error);
      else leave(step, entry, error);
    }
  }
  for (const entry of lane.queue) {
    if (!event.entries.has(entry)) continue;
    const init = { cause: event.reason, outcome: 'not-sent' } as const;
    leave(step, entry, new ProducerAbortedError(details(step, 'record'), init));
  }
  blockSuccessors(step);
  settleDown(step);
};

/** A lane that lost its last record while nothing was outstanding is idle. */
const settleDown = (step: Step): void => {
  const { phase } = step.lane;
  if (!isOccupied(step.lane) && phase !== 'sending' && phase !== 'fenced') rest(step);
};

const removeGone = (lane: Lane): void => {
  lane.batches = lane.batches
    .map((batch) => (isSealed(batch) ? batch : withoutGone(batch)))
    .filter((batch) => batch.entries.length > 0);
  lane.queue = lane.queue.filter((entry) => !entry.gone);
  lane.queuedBytes = 0;
  for (const entry of lane.queue) lane.queuedBytes += entry.sizeBytes;
};

/** LN-15: what follows a failed record of its key in the same call and is not sealed yet is not sent any more. */
export const blockSuccessors = (step: Step): void => {
  const { lane } = step;
  const block = (entry: Entry): void => {
    if (entry.gone || !isBlocked(entry)) return;
    leave(step, entry, new ProducerKeyBlockedError(details(step, 'record')));
  };
  for (const batch of lane.batches) if (!isSealed(batch)) batch.entries.forEach(block);
  lane.queue.forEach(block);
  removeGone(lane);
};

/** BP-6: expired records, and under `fail-key` their successors of the same key. */
export const expire = (step: Step): void => {
  const { lane, policy, nowMs } = step;
  const blocked = new Set<string>();
  let next = Number.POSITIVE_INFINITY;
  const visit = (entry: Entry, sealedAttempts: number | undefined): void => {
    if (entry.answered) return;
    const behind = entry.keyId !== undefined && blocked.has(entry.keyId);
    if (entry.deadlineAtMs > nowMs && !behind) {
      next = Math.min(next, entry.deadlineAtMs);
      return;
    }
    if (policy.onTimeout === 'fail-key' && entry.keyId !== undefined) blocked.add(entry.keyId);
    if (sealedAttempts !== undefined) answerEarly(step, entry, timedOut(step, sealedAttempts));
    else if (entry.deadlineAtMs <= nowMs) leave(step, entry, timedOut(step, 0));
    else leave(step, entry, new ProducerKeyBlockedError(details(step, 'record')));
  };
  for (const batch of lane.batches) {
    for (const entry of batch.entries) visit(entry, isSealed(batch) ? Math.max(1, batch.attempts) : undefined);
  }
  for (const entry of lane.queue) visit(entry, undefined);
  blockSuccessors(step);
  lane.nextDeadlineMs = next;
  const early = lane.batches[0]?.entries.some((entry) => entry.answered) === true;
  if (lane.phase === 'sending' && early) lane.phase = 'fenced';
  settleDown(step);
};

const timedOut = (step: Step, attempts: number): ProducerPoolError =>
  new ProducerDeliveryTimeoutError(details(step, 'lane', attempts), { outcome: attempts > 0 ? 'unknown' : 'not-sent' });
