import {
  ProducerAbortedError,
  ProducerAuthError,
  ProducerBufferFullError,
  ProducerClosedError,
  ProducerConnectError,
  ProducerDeliveryTimeoutError,
  ProducerDriverError,
  type ProducerErrorCode,
  type ProducerErrorDetails,
  ProducerKeyBlockedError,
  ProducerOptionsError,
  type ProducerPoolError,
  ProducerRecordInvalidError,
  ProducerRecordRejectedError,
  ProducerRecordTooLargeError,
  ProducerTopicDeniedError,
  ProducerUnacknowledgedError,
  ProducerUnavailableError,
  ProducerUnknownTopicError,
  ProducerWatchdogError,
} from '../src/index.ts';

const pool: ProducerErrorDetails = { pool: 'default', scope: 'pool' };
const lane: ProducerErrorDetails = { pool: 'default', scope: 'lane', topic: 'orders', partition: 3 };
const record: ProducerErrorDetails = { ...lane, scope: 'record' };

/** One instance of each class, by its code. */
export const errorExamples: Readonly<Record<ProducerErrorCode, ProducerPoolError>> = {
  BUSBAR_PRODUCER_OPTIONS: new ProducerOptionsError('default', ['lingerMs must be a whole number from 0 to 60000']),
  BUSBAR_PRODUCER_RECORD_INVALID: new ProducerRecordInvalidError(record, 'key is larger than 4096 bytes'),
  BUSBAR_PRODUCER_RECORD_TOO_LARGE: new ProducerRecordTooLargeError({ ...record, limit: 1_047_552 }),
  BUSBAR_PRODUCER_RECORD_REJECTED: new ProducerRecordRejectedError({
    ...record,
    kafkaError: 'INVALID_RECORD',
    kafkaCode: 87,
  }),
  BUSBAR_PRODUCER_TOPIC_DENIED: new ProducerTopicDeniedError({
    ...lane,
    scope: 'topic',
    kafkaError: 'TOPIC_AUTHORIZATION_FAILED',
    kafkaCode: 29,
  }),
  BUSBAR_PRODUCER_BUFFER_FULL: new ProducerBufferFullError({
    ...pool,
    topic: 'orders',
    buffered: 10_000,
    limit: 10_000,
  }),
  BUSBAR_PRODUCER_UNKNOWN_TOPIC: new ProducerUnknownTopicError({ ...lane, scope: 'topic', attempts: 6 }),
  BUSBAR_PRODUCER_AUTH: new ProducerAuthError({
    ...pool,
    scope: 'client',
    kafkaError: 'SASL_AUTHENTICATION_FAILED',
    kafkaCode: 58,
  }),
  BUSBAR_PRODUCER_UNAVAILABLE: new ProducerUnavailableError({ ...pool, scope: 'broker' }, 'the guard refuses calls', {
    retryAfterMs: 700,
  }),
  BUSBAR_PRODUCER_DELIVERY_TIMEOUT: new ProducerDeliveryTimeoutError({ ...lane, attempts: 3 }),
  BUSBAR_PRODUCER_KEY_BLOCKED: new ProducerKeyBlockedError(record),
  BUSBAR_PRODUCER_ABORTED: new ProducerAbortedError(record, { cause: 'enough' }),
  BUSBAR_PRODUCER_CLOSED: new ProducerClosedError(pool),
  BUSBAR_PRODUCER_CONNECT: new ProducerConnectError({
    ...pool,
    scope: 'broker',
    limit: 10_000,
    kafkaError: 'NOT_CONNECTED',
  }),
  BUSBAR_PRODUCER_UNACKNOWLEDGED: new ProducerUnacknowledgedError({ ...lane, scope: 'client' }),
  BUSBAR_PRODUCER_WATCHDOG: new ProducerWatchdogError({ ...lane, limit: 41_000 }),
  BUSBAR_PRODUCER_DRIVER: new ProducerDriverError({
    ...lane,
    scope: 'broker',
    kind: 'transient',
    kafkaError: 'CONNECTION_LOST',
  }),
};
