/**
 * What a Kafka error code, a client's symptom or a system error means for a batch: its kind, what became of the batch, whom it concerns.
 * One table for all drivers; a driver only finds the code.
 *
 * kind: `transient` is retried · `record` is bisected · `topic` and `client` are answered to the caller · `producer-broken` is retried on
 * a new producer. Two rows need the circumstances of the batch and are decided in `lane.ts`: CORRUPT_MESSAGE 2 and INVALID_TIMESTAMP 32.
 * @see Apache Kafka, `org.apache.kafka.common.protocol.Errors`
 */
import type { DriverFault, FaultKind, FaultOutcome, FaultScope } from './driver.ts';

type Row = readonly [
  name: string,
  kind: FaultKind,
  outcome: FaultOutcome,
  scope: FaultScope,
  refreshMetadata?: 'refresh',
];

export const CORRUPT_MESSAGE = 2;
export const UNKNOWN_TOPIC = 3;
export const LEADER_NOT_AVAILABLE = 5;
export const NOT_LEADER = 6;
export const MESSAGE_TOO_LARGE = 10;
export const INVALID_TOPIC = 17;
export const NOT_ENOUGH_REPLICAS = 19;
export const TOPIC_AUTHORIZATION_FAILED = 29;
export const INVALID_TIMESTAMP = 32;
export const UNSUPPORTED_VERSION = 35;
export const DUPLICATE_SEQUENCE = 46;
export const UNSUPPORTED_COMPRESSION_TYPE = 76;

const ROWS: Readonly<Record<number, Row>> = {
  2: ['CORRUPT_MESSAGE', 'record', 'rejected', 'record'],
  3: ['UNKNOWN_TOPIC_OR_PARTITION', 'transient', 'rejected', 'topic', 'refresh'],
  5: ['LEADER_NOT_AVAILABLE', 'transient', 'rejected', 'lane', 'refresh'],
  6: ['NOT_LEADER_OR_FOLLOWER', 'transient', 'rejected', 'lane', 'refresh'],
  7: ['REQUEST_TIMED_OUT', 'transient', 'unknown', 'lane'],
  8: ['BROKER_NOT_AVAILABLE', 'transient', 'not-sent', 'broker', 'refresh'],
  10: ['MESSAGE_TOO_LARGE', 'record', 'rejected', 'record'],
  13: ['NETWORK_EXCEPTION', 'transient', 'unknown', 'broker', 'refresh'],
  17: ['INVALID_TOPIC_EXCEPTION', 'topic', 'rejected', 'topic'],
  18: ['RECORD_LIST_TOO_LARGE', 'record', 'rejected', 'record'],
  19: ['NOT_ENOUGH_REPLICAS', 'transient', 'rejected', 'lane'],
  20: ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'transient', 'unknown', 'lane'],
  21: ['INVALID_REQUIRED_ACKS', 'client', 'rejected', 'client'],
  29: ['TOPIC_AUTHORIZATION_FAILED', 'topic', 'rejected', 'topic'],
  31: ['CLUSTER_AUTHORIZATION_FAILED', 'client', 'rejected', 'client'],
  32: ['INVALID_TIMESTAMP', 'record', 'rejected', 'record'],
  33: ['UNSUPPORTED_SASL_MECHANISM', 'client', 'not-sent', 'client'],
  34: ['ILLEGAL_SASL_STATE', 'client', 'not-sent', 'client'],
  35: ['UNSUPPORTED_VERSION', 'client', 'rejected', 'client'],
  43: ['UNSUPPORTED_FOR_MESSAGE_FORMAT', 'topic', 'rejected', 'topic'],
  44: ['POLICY_VIOLATION', 'topic', 'rejected', 'topic'],
  45: ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'producer-broken', 'unknown', 'client'],
  47: ['INVALID_PRODUCER_EPOCH', 'producer-broken', 'unknown', 'client'],
  49: ['INVALID_PRODUCER_ID_MAPPING', 'producer-broken', 'unknown', 'client'],
  56: ['KAFKA_STORAGE_ERROR', 'transient', 'rejected', 'lane', 'refresh'],
  58: ['SASL_AUTHENTICATION_FAILED', 'client', 'not-sent', 'client'],
  59: ['UNKNOWN_PRODUCER_ID', 'producer-broken', 'unknown', 'client'],
  74: ['FENCED_LEADER_EPOCH', 'transient', 'rejected', 'lane', 'refresh'],
  75: ['UNKNOWN_LEADER_EPOCH', 'transient', 'rejected', 'lane', 'refresh'],
  76: ['UNSUPPORTED_COMPRESSION_TYPE', 'client', 'rejected', 'client'],
  87: ['INVALID_RECORD', 'record', 'rejected', 'record'],
  90: ['PRODUCER_FENCED', 'producer-broken', 'unknown', 'client'],
};

/** SASL, TLS and cluster authorization: answered with AUTH. */
export const AUTH_ERRORS: ReadonlySet<string> = new Set([
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'SASL_AUTHENTICATION_FAILED',
  'TLS',
]);

/** Somebody waited in vain for an answer: a sign of load, or of a broker that hangs. */
export const TIMEOUT_ERRORS: ReadonlySet<string> = new Set(['REQUEST_TIMED_OUT', 'REQUEST_TIMEOUT', 'WATCHDOG']);

/** The verdict on a Kafka error code; one that is not in the table counts as a broken producer: retried on a new one, outcome unknown. */
export const faultOfCode = (code: number): DriverFault => {
  const row = ROWS[code];
  if (row === undefined) {
    return {
      kind: 'producer-broken',
      outcome: 'unknown',
      scope: 'client',
      kafkaCode: code,
      kafkaError: 'UNRECOGNIZED',
      refreshMetadata: true,
    };
  }
  const [kafkaError, kind, outcome, scope, refresh] = row;
  return { kind, outcome, scope, kafkaCode: code, kafkaError, refreshMetadata: refresh !== undefined };
};

/** Codes the table knows. */
export const knownKafkaCodes: readonly number[] = Object.keys(ROWS).map(Number);

/** Verdicts on symptoms that carry no Kafka code. */
export const FAULTS = {
  unacknowledged: {
    kind: 'producer-broken',
    outcome: 'unknown',
    scope: 'client',
    kafkaError: 'UNACKNOWLEDGED',
    refreshMetadata: true,
  },
  watchdog: {
    kind: 'producer-broken',
    outcome: 'unknown',
    scope: 'broker',
    kafkaError: 'WATCHDOG',
    refreshMetadata: true,
  },
  lockTimeout: {
    kind: 'producer-broken',
    outcome: 'unknown',
    scope: 'client',
    kafkaError: 'LOCK_TIMEOUT',
    refreshMetadata: false,
  },
  unrecognized: {
    kind: 'producer-broken',
    outcome: 'unknown',
    scope: 'client',
    kafkaError: 'UNRECOGNIZED',
    refreshMetadata: true,
  },
  notConnected: {
    kind: 'transient',
    outcome: 'not-sent',
    scope: 'broker',
    kafkaError: 'NOT_CONNECTED',
    refreshMetadata: true,
  },
  connectionLost: {
    kind: 'transient',
    outcome: 'unknown',
    scope: 'broker',
    kafkaError: 'CONNECTION_LOST',
    refreshMetadata: true,
  },
  requestTimeout: {
    kind: 'transient',
    outcome: 'unknown',
    scope: 'broker',
    kafkaError: 'REQUEST_TIMEOUT',
    refreshMetadata: true,
  },
  sasl: {
    kind: 'client',
    outcome: 'not-sent',
    scope: 'client',
    kafkaError: 'SASL_AUTHENTICATION_FAILED',
    refreshMetadata: false,
  },
  tls: { kind: 'client', outcome: 'not-sent', scope: 'client', kafkaError: 'TLS', refreshMetadata: false },
} as const satisfies Readonly<Record<string, DriverFault>>;

const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const LOST: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED']);
const TLS_CODES = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/** The verdict on a Node.js system or TLS error code, undefined if it says nothing. */
export const faultOfSystemCode = (code: string): DriverFault | undefined => {
  if (NEVER_CONNECTED.has(code)) return FAULTS.notConnected;
  if (LOST.has(code)) return FAULTS.connectionLost;
  return TLS_CODES.test(code) ? FAULTS.tls : undefined;
};
