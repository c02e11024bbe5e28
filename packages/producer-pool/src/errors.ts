/** All errors of the pool, in one place for those who use several. */
export { ProducerPoolError } from './pool-error.ts';
export type { ErrorScope, ProducerErrorCode, ProducerErrorDetails } from './pool-error.ts';
export {
  ProducerBufferFullError,
  ProducerKeyBlockedError,
  ProducerRecordInvalidError,
  ProducerRecordRejectedError,
  ProducerRecordTooLargeError,
  ProducerTopicDeniedError,
  ProducerUnknownTopicError,
} from './record-errors.ts';
export {
  ProducerAbortedError,
  ProducerAuthError,
  ProducerClosedError,
  ProducerConnectError,
  ProducerDeliveryTimeoutError,
  ProducerOptionsError,
  ProducerUnavailableError,
} from './delivery-errors.ts';
export { ProducerDriverError, ProducerUnacknowledgedError, ProducerWatchdogError } from './attempt-errors.ts';
