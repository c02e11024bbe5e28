/** How one attempt failed: what the guard sees, and the cause of what a caller gets. */
import { brandError, type ErrorInit, type ErrorSpec } from '@busbar/errors';

import { at, kafka, type ProducerErrorDetails, ProducerPoolError } from './pool-error.ts';

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
