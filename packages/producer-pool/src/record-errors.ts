/** Errors that speak of a record, its topic or its place in line: the caller's to deal with. */
import { brandError, type ErrorInit, type ErrorSpec } from '@busbar/errors';

import { at, kafka, type ProducerErrorDetails, ProducerPoolError } from './pool-error.ts';

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
