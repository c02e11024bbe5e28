/** What every error of the pool has: its facts, its family, and how it names place and cause. */
import { brandError, BusbarError, type ErrorOutcome } from '@busbar/errors';

import type { FaultKind } from './driver.ts';

/** What the fault concerns: only `record` says something against the record itself. */
export type ErrorScope = 'record' | 'topic' | 'lane' | 'client' | 'broker' | 'pool';

/** Allow-listed facts; never a key, a value, a header or a credential. */
export interface ProducerErrorDetails {
  readonly [key: string]: string | number | boolean | readonly string[] | undefined;
  readonly pool: string;
  readonly scope: ErrorScope;
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  /** Kafka's name of the error, and its number. */
  readonly kafkaError?: string | undefined;
  readonly kafkaCode?: number | undefined;
  readonly kind?: FaultKind | undefined;
  readonly attempts?: number | undefined;
  readonly buffered?: number | undefined;
  readonly limit?: number | undefined;
  readonly issues?: readonly string[] | undefined;
}

/** Every rejection of the pool. */
export abstract class ProducerPoolError extends BusbarError<ProducerErrorCode, ProducerErrorDetails> {
  declare readonly outcome: ErrorOutcome;
  static {
    brandError(this, 'ProducerPoolError');
  }
}

/** ` topic-partition`, or nothing. */
export const at = (d: ProducerErrorDetails): string =>
  d.topic === undefined ? '' : ` ${d.topic}${d.partition === undefined ? '' : `-${d.partition}`}`;
/** `: KAFKA_NAME (code)`, or nothing. */
export const kafka = (d: ProducerErrorDetails): string =>
  d.kafkaError === undefined ? '' : `: ${d.kafkaError}${d.kafkaCode === undefined ? '' : ` (${d.kafkaCode})`}`;

/** Every code this package rejects with. */
export type ProducerErrorCode = `BUSBAR_PRODUCER_${
  | 'OPTIONS'
  | 'RECORD_INVALID'
  | 'RECORD_TOO_LARGE'
  | 'RECORD_REJECTED'
  | 'TOPIC_DENIED'
  | 'BUFFER_FULL'
  | 'UNKNOWN_TOPIC'
  | 'AUTH'
  | 'UNAVAILABLE'
  | 'DELIVERY_TIMEOUT'
  | 'KEY_BLOCKED'
  | 'ABORTED'
  | 'CLOSED'
  | 'CONNECT'
  | 'UNACKNOWLEDGED'
  | 'WATCHDOG'
  | 'DRIVER'}`;
