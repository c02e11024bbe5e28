/** Errors that speak of the pool, its cluster or its time: nothing is wrong with the record. */
import { brandError, type ErrorInit, type ErrorSpec } from '@busbar/errors';

import { connectAdvice } from './connect-advice.ts';
import { at, kafka, type ProducerErrorDetails, ProducerPoolError } from './pool-error.ts';

/** `: reason and what to do`, or nothing. */
const advice = ({ cause }: ErrorInit): string => {
  const text = connectAdvice(cause);
  return text === undefined ? '' : `: ${text}`;
};

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
    super(`the cluster does not accept pool "${details.pool}"${kafka(details)}${advice(init)}`, details, init);
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
      `producer pool "${details.pool}" could not connect within ${details.limit} ms${kafka(details)}${advice(init)}`,
      details,
      init,
    );
  }
}
