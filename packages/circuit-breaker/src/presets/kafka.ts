/**
 * What an error of a Kafka client says about the brokers: by the error code of the protocol, by the names of kafkajs, and by
 * kind and scope of `@busbar/producer-pool`.
 * @see Apache Kafka, `org.apache.kafka.common.protocol.Errors`
 */
import type { Verdict } from '../classify.ts';
import { classifyBy, read, readText } from './recognize.ts';

/** Error codes of the protocol; those that are not here are not recognised. */
const PROTOCOL: ReadonlyMap<number, Verdict> = new Map([
  // LEADER_NOT_AVAILABLE, NOT_LEADER, REQUEST_TIMED_OUT, BROKER_NOT_AVAILABLE, NETWORK, NOT_ENOUGH_REPLICAS (twice),
  // KAFKA_STORAGE, leader epochs; SASL: every call will fail, do not hammer
  ...[5, 6, 7, 8, 13, 19, 20, 56, 74, 75, 33, 34, 58].map((code) => [code, 'failure'] as const),
  // a record, a topic, or a request of this client was refused; DUPLICATE_SEQUENCE: it is there
  ...[2, 10, 17, 18, 29, 32, 43, 44, 87, 21, 31, 35, 76, 46].map((code) => [code, 'success'] as const),
  // UNKNOWN_TOPIC: it may be new; sequence, epoch and fencing errors of one producer; throttling
  ...[3, 45, 47, 49, 59, 90, 89].map((code) => [code, 'ignore'] as const),
]);

const KAFKAJS: Readonly<Record<string, Verdict>> = {
  KafkaJSConnectionError: 'failure',
  KafkaJSConnectionClosedError: 'failure',
  KafkaJSRequestTimeoutError: 'failure',
  KafkaJSBrokerNotFound: 'failure',
  KafkaJSNoBrokerAvailableError: 'failure',
  KafkaJSSASLAuthenticationError: 'failure',
  KafkaJSServerDoesNotSupportApiKey: 'success',
  KafkaJSLockTimeout: 'ignore',
  KafkaJSMetadataNotLoaded: 'ignore',
  KafkaJSTopicMetadataNotLoaded: 'ignore',
};

const PREFIX = 'BUSBAR_PRODUCER_';

/** Codes of `@busbar/producer-pool` without a kind. */
const CODES: Readonly<Record<string, Verdict>> = {
  AUTH: 'failure',
  CONNECT: 'failure',
  DELIVERY_TIMEOUT: 'failure',
  WATCHDOG: 'failure',
  RECORD_REJECTED: 'success',
  TOPIC_DENIED: 'success',
  OPTIONS: 'ignore',
  RECORD_INVALID: 'ignore',
  RECORD_TOO_LARGE: 'ignore',
  BUFFER_FULL: 'ignore',
  UNKNOWN_TOPIC: 'ignore',
  UNAVAILABLE: 'ignore',
  KEY_BLOCKED: 'ignore',
  ABORTED: 'ignore',
  CLOSED: 'ignore',
  UNACKNOWLEDGED: 'ignore',
};

const KINDS: Readonly<Record<string, Verdict>> = {
  transient: 'failure',
  record: 'success',
  topic: 'success',
  client: 'success',
  'producer-broken': 'ignore',
};

/** Names of faults that say more than their kind. */
const NAMES: Readonly<Record<string, Verdict>> = {
  WATCHDOG: 'failure',
  TLS: 'failure',
  SASL_AUTHENTICATION_FAILED: 'failure',
};

const lookUp = (table: Readonly<Record<string, Verdict>>, key: string): Verdict | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

const verdictOfProtocol = (code: unknown): Verdict | undefined =>
  typeof code === 'number' ? PROTOCOL.get(code) : undefined;

/** An error of the producer pool: a fault of one partition, while others are acknowledged, says nothing about the brokers. */
const verdictOfPool = (error: object, code: string): Verdict | undefined => {
  const details = read(error, 'details');
  if (readText(details, 'scope') === 'lane') return 'ignore';
  return (
    lookUp(NAMES, readText(details, 'kafkaError')) ??
    verdictOfProtocol(read(details, 'kafkaCode')) ??
    lookUp(CODES, code) ??
    lookUp(KINDS, readText(details, 'kind'))
  );
};

const recognize = (error: object): Verdict | undefined => {
  const code = readText(error, 'code');
  if (code.startsWith(PREFIX)) return verdictOfPool(error, code.slice(PREFIX.length));
  const name = readText(error, 'name');
  const protocolCode = name === 'KafkaJSProtocolError' ? read(error, 'code') : read(error, 'apiCode');
  return verdictOfProtocol(protocolCode) ?? lookUp(KAFKAJS, name);
};

/**
 * Failure: the brokers or the way to them are to blame, or every call would fail (authentication). Success: they answered, and
 * a record, a topic or this client is at fault. Ignore: it says nothing about them (one partition alone, one producer that lost
 * its sequence, throttling, buffer full). What is not recognised is a failure.
 */
export const classifyKafka = classifyBy(recognize);
