/* oxlint-disable max-lines -- a table: one class after another, each with its text */
import { brandError, BusbarError, type ErrorInit, type ErrorOutcome, type ErrorSpec } from '@busbar/errors';

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

const at = (d: ProducerErrorDetails): string =>
  d.topic === undefined ? '' : ` ${d.topic}${d.partition === undefined ? '' : `-${d.partition}`}`;
const kafka = (d: ProducerErrorDetails): string =>
  d.kafkaError === undefined ? '' : `: ${d.kafkaError}${d.kafkaCode === undefined ? '' : ` (${d.kafkaCode})`}`;

export class ProducerOptionsError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_OPTIONS';
  static override readonly spec = {
    name: 'ProducerOptionsError',
    code: 'BUSBAR_PRODUCER_OPTIONS',
    retryable: false,
    outcome: 'not-sent',
    when: 'Options are out of range, contradict each other or ask for what the driver cannot do.',
    remedy: 'Correct every problem listed in details.issues.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(pool: string, issues: readonly string[]) {
    super(`producer pool "${pool}": ${issues.join('; ')}`, { pool, scope: 'pool', issues });
  }
}

export class ProducerRecordInvalidError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_RECORD_INVALID';
  static override readonly spec = {
    name: 'ProducerRecordInvalidError',
    code: 'BUSBAR_PRODUCER_RECORD_INVALID',
    retryable: false,
    outcome: 'not-sent',
    when: 'Topic name, key, value, headers, partition or timestamp of a record break a rule.',
    remedy: 'Correct the record; the message names the rule.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, rule: string, init: ErrorInit = {}) {
    super(`record for topic${at(details)} is invalid: ${rule}`, details, init);
  }
}

export class ProducerRecordTooLargeError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_RECORD_TOO_LARGE';
  static override readonly spec = {
    name: 'ProducerRecordTooLargeError',
    code: 'BUSBAR_PRODUCER_RECORD_TOO_LARGE',
    retryable: false,
    outcome: 'not-sent',
    when: 'A record is larger than maxRequestBytes (not-sent), or than the broker takes for the topic (rejected).',
    remedy: 'Make the record smaller, or raise maxRequestBytes and max.message.bytes of the topic.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    const limit = details.limit === undefined ? 'the broker' : `the limit of ${details.limit} bytes`;
    super(`record for topic${at(details)} is larger than ${limit} takes${kafka(details)}`, details, init);
  }
}

export class ProducerRecordRejectedError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_RECORD_REJECTED';
  static override readonly spec = {
    name: 'ProducerRecordRejectedError',
    code: 'BUSBAR_PRODUCER_RECORD_REJECTED',
    retryable: false,
    outcome: 'rejected',
    when: 'The broker refused this record (scope record), or every request of this client (scope client).',
    remedy: 'Scope record: look at the record. Scope client: look at compression, clock, acks and broker version.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    const what = details.scope === 'record' ? 'this record' : 'a request of this client';
    const skew = details.scope === 'client' && details.kafkaCode === 32 ? '; the clock of this machine is ahead' : '';
    super(`the broker of${at(details)} refused ${what}${kafka(details)}${skew}`, details, init);
  }
}

export class ProducerTopicDeniedError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_TOPIC_DENIED';
  static override readonly spec = {
    name: 'ProducerTopicDeniedError',
    code: 'BUSBAR_PRODUCER_TOPIC_DENIED',
    retryable: false,
    outcome: 'rejected',
    when: 'The broker refuses the topic: authorization, invalid name, policy or message format.',
    remedy: 'Grant WRITE on the topic, or correct its configuration.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`topic${at(details)} is denied${kafka(details)}`, details, init);
  }
}

export class ProducerBufferFullError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_BUFFER_FULL';
  static override readonly spec = {
    name: 'ProducerBufferFullError',
    code: 'BUSBAR_PRODUCER_BUFFER_FULL',
    retryable: true,
    outcome: 'not-sent',
    when: 'maxBlockMs passed without room in the buffer, or tryPublish found none.',
    remedy: 'Publish more slowly, hand the event to the outbox, or raise the buffer limits.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(
      `no room for topic${at(details)} in the buffer of pool "${details.pool}": ${details.buffered} of ${details.limit}`,
      details,
      { captureStack: false, ...init },
    );
  }
}

export class ProducerUnknownTopicError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_UNKNOWN_TOPIC';
  static override readonly spec = {
    name: 'ProducerUnknownTopicError',
    code: 'BUSBAR_PRODUCER_UNKNOWN_TOPIC',
    retryable: true,
    outcome: 'rejected',
    when: 'The broker does not know the topic, also after unknownTopicRetries.',
    remedy: 'Create the topic; the pool never does.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`topic${at(details)} does not exist`, details, init);
  }
}

export class ProducerAuthError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_AUTH';
  static override readonly spec = {
    name: 'ProducerAuthError',
    code: 'BUSBAR_PRODUCER_AUTH',
    retryable: false,
    outcome: 'not-sent',
    when: 'SASL or TLS failed, or the cluster denies this client.',
    remedy: 'Correct credentials, certificates or ACLs, then call recycle().',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`the cluster does not accept pool "${details.pool}"${kafka(details)}`, details, init);
  }
}

export class ProducerUnavailableError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_UNAVAILABLE';
  static override readonly spec = {
    name: 'ProducerUnavailableError',
    code: 'BUSBAR_PRODUCER_UNAVAILABLE',
    retryable: true,
    outcome: 'not-sent',
    when: 'The guard refused, the lane is failing (scope lane), nothing is connected, or the pool was not started.',
    remedy: 'Hand the event to the outbox, or try again after retryAfterMs.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, why: string, init: ErrorInit = {}) {
    super(`pool "${details.pool}" cannot send to${at(details) || ' Kafka'}: ${why}`, details, {
      captureStack: false,
      ...init,
    });
  }
}

export class ProducerDeliveryTimeoutError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_DELIVERY_TIMEOUT';
  static override readonly spec = {
    name: 'ProducerDeliveryTimeoutError',
    code: 'BUSBAR_PRODUCER_DELIVERY_TIMEOUT',
    retryable: true,
    outcome: 'unknown',
    when: 'deliveryTimeoutMs passed: unknown if an attempt was made, else not-sent.',
    remedy: 'Publish again with the same event id.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`not delivered to${at(details)} in time after ${details.attempts ?? 0} attempts`, details, init);
  }
}

export class ProducerKeyBlockedError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_KEY_BLOCKED';
  static override readonly spec = {
    name: 'ProducerKeyBlockedError',
    code: 'BUSBAR_PRODUCER_KEY_BLOCKED',
    retryable: true,
    outcome: 'not-sent',
    when: 'An earlier record of the same key was not delivered, so this one was not sent.',
    remedy: 'Publish both again, in order.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`not sent to${at(details)}: an earlier record of its key was not delivered`, details, {
      captureStack: false,
      ...init,
    });
  }
}

export class ProducerAbortedError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_ABORTED';
  static override readonly spec = {
    name: 'ProducerAbortedError',
    code: 'BUSBAR_PRODUCER_ABORTED',
    retryable: false,
    outcome: 'unknown',
    when: "The caller's signal: not-sent while queued, unknown once an attempt was made.",
    remedy: 'Unknown: the record may still be delivered.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`publishing${at(details) && ` to${at(details)}`} was aborted`, details, init);
  }
}

export class ProducerClosedError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_CLOSED';
  static override readonly spec = {
    name: 'ProducerClosedError',
    code: 'BUSBAR_PRODUCER_CLOSED',
    retryable: false,
    outcome: 'not-sent',
    when: 'The pool is closed, or closed before the record was acknowledged (unknown if an attempt was made).',
    remedy: 'Publish before close(), or hand the event to the outbox.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`producer pool "${details.pool}" is closed`, details, { captureStack: false, ...init });
  }
}

export class ProducerConnectError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_CONNECT';
  static override readonly spec = {
    name: 'ProducerConnectError',
    code: 'BUSBAR_PRODUCER_CONNECT',
    retryable: true,
    outcome: 'not-sent',
    when: "start() in mode 'require' reached no broker within startTimeoutMs.",
    remedy: "Check brokers and network, or start in mode 'degraded'.",
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(
      `producer pool "${details.pool}" could not connect within ${details.limit} ms${kafka(details)}`,
      details,
      init,
    );
  }
}

export class ProducerUnacknowledgedError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_UNACKNOWLEDGED';
  static override readonly spec = {
    name: 'ProducerUnacknowledgedError',
    code: 'BUSBAR_PRODUCER_UNACKNOWLEDGED',
    retryable: true,
    outcome: 'unknown',
    when: 'The client called a send successful without an answer for its partition. Only as a cause.',
    remedy: 'Nothing: the pool sends the batch again on a new producer.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`the client resolved without an acknowledgement of${at(details)}`, details, init);
  }
}

export class ProducerWatchdogError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_WATCHDOG';
  static override readonly spec = {
    name: 'ProducerWatchdogError',
    code: 'BUSBAR_PRODUCER_WATCHDOG',
    retryable: true,
    outcome: 'unknown',
    when: 'A call took longer than attemptTimeoutMs and its producer was killed. Only as a cause.',
    remedy: 'Nothing: the pool sends the batch again on a new producer.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`a call to${at(details)} was cut after ${details.limit} ms`, details, init);
  }
}

export class ProducerDriverError extends ProducerPoolError {
  declare readonly code: 'BUSBAR_PRODUCER_DRIVER';
  static override readonly spec = {
    name: 'ProducerDriverError',
    code: 'BUSBAR_PRODUCER_DRIVER',
    retryable: true,
    outcome: 'unknown',
    when: "One attempt failed; kind, scope and Kafka's code say how. What the guard sees, and only as a cause elsewhere.",
    remedy: 'Read scope: broker, client, topic, lane or record.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: ProducerErrorDetails, init: ErrorInit = {}) {
    super(`an attempt${at(details) && ` on${at(details)}`} failed${kafka(details)}`, details, init);
  }
}

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
