import type { ErrorOutcome } from '@busbar/errors';

import type { DriverFault } from './driver.ts';
import {
  ProducerAuthError,
  type ProducerErrorDetails,
  type ProducerPoolError,
  ProducerRecordRejectedError,
  ProducerRecordTooLargeError,
  ProducerTopicDeniedError,
  ProducerUnknownTopicError,
} from './errors.ts';
import { AUTH_ERRORS, MESSAGE_TOO_LARGE, UNKNOWN_TOPIC } from './kafka-errors.ts';

const RECORD_LIST_TOO_LARGE = 18;

/** A final answer of the broker, and whom it concerns once the circumstances of the batch are weighed. */
export interface Rejection {
  readonly pool: string;
  readonly topic: string;
  readonly partition?: number | undefined;
  readonly fault: DriverFault;
  readonly scope: 'record' | 'topic' | 'client';
  readonly attempts: number;
  readonly outcome: ErrorOutcome;
  /** The failed attempt. */
  readonly cause: unknown;
}

/** The error a caller gets for a final answer of the broker. */
export const rejectionError = (r: Rejection): ProducerPoolError => {
  const details: ProducerErrorDetails = {
    pool: r.pool,
    scope: r.scope,
    topic: r.topic,
    partition: r.partition,
    kafkaError: r.fault.kafkaError,
    kafkaCode: r.fault.kafkaCode,
    attempts: r.attempts,
  };
  const init = { cause: r.cause, outcome: r.outcome };
  if (r.fault.kafkaError !== undefined && AUTH_ERRORS.has(r.fault.kafkaError))
    return new ProducerAuthError(details, init);
  if (r.scope === 'topic') {
    return r.fault.kafkaCode === UNKNOWN_TOPIC
      ? new ProducerUnknownTopicError(details, init)
      : new ProducerTopicDeniedError(details, init);
  }
  const tooLarge = r.fault.kafkaCode === MESSAGE_TOO_LARGE || r.fault.kafkaCode === RECORD_LIST_TOO_LARGE;
  return tooLarge ? new ProducerRecordTooLargeError(details, init) : new ProducerRecordRejectedError(details, init);
};
