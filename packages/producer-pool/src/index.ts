// The pool
export { createProducerPool } from './producer-pool.ts';
export type { CloseReport, ProducerPool, StartOptions } from './pool-port.ts';
export type { BatchOptions, PublishOptions } from './publishing.ts';
export type { ProducerRecord } from './record.ts';
export type { Ack, Settlement } from './settlement.ts';

// Options
export { PRODUCER_POOL_DEFAULTS, PRODUCER_POOL_LIMITS } from './options.ts';
export { resolveProducerPoolOptions } from './resolve-options.ts';
export type {
  BufferOptions,
  CallGuard,
  PoolOptions,
  ProbeOptions,
  ProducerPoolOptions,
  ResolvedProducerPoolOptions,
  RetryDelayOptions,
} from './options.ts';

// Observation
export type { Distribution } from './histogram.ts';
export type { PoolHealth } from './health.ts';
export type { PartStats, ProducerPoolStats } from './stats.ts';
export type { ScaleDecision, ScaleReason } from './scaling.ts';
export type { ProducerState, RetireReason } from './slot.ts';
export type { CheckContext, CheckOutcome, ConnectivityCheck, ConnectivityCheckOptions } from './connectivity-check.ts';
export type {
  BackpressureMessage,
  ClosedMessage,
  CreatedMessage,
  FaultMessage,
  LaneMessage,
  ProducerMessage,
  ScaleMessage,
  SendMessage,
  SentRecord,
} from './diagnostics.ts';

// Errors
export {
  ProducerAbortedError,
  ProducerAuthError,
  ProducerBufferFullError,
  ProducerClosedError,
  ProducerConnectError,
  ProducerDeliveryTimeoutError,
  ProducerDriverError,
  ProducerKeyBlockedError,
  ProducerOptionsError,
  ProducerPoolError,
  ProducerRecordInvalidError,
  ProducerRecordRejectedError,
  ProducerRecordTooLargeError,
  ProducerTopicDeniedError,
  ProducerUnacknowledgedError,
  ProducerUnavailableError,
  ProducerUnknownTopicError,
  ProducerWatchdogError,
} from './errors.ts';
export type { ErrorScope, ProducerErrorCode, ProducerErrorDetails } from './errors.ts';

// The port of drivers
export type {
  Credential,
  KafkaConnectionOptions,
  PasswordSaslOptions,
  SaslMechanism,
  SaslOptions,
  TlsOptions,
  TokenSaslOptions,
} from './connection.ts';
export type {
  Acks,
  BrokerNode,
  ClusterMetadata,
  Compression,
  DriverAck,
  DriverCall,
  DriverCapabilities,
  DriverFault,
  DriverProducer,
  FaultKind,
  FaultOutcome,
  FaultScope,
  FrozenRecord,
  HostPort,
  MetadataOptions,
  OpenProducerOptions,
  PartitionMetadata,
  ProducerDriver,
  SocketTls,
  TopicConfig,
  TopicMetadata,
} from './driver.ts';
