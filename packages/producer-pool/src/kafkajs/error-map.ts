/**
 * kafkajs's errors → verdicts. The top error decides nothing: `KafkaJSNumberOfRetriesExceeded` and `KafkaJSNonRetriableError` say "not
 * retriable" above retriable causes, so the first error of the chain that says something is taken. Recognised by name, because the classes
 * are not importable by name from ESM and may come from a second copy.
 */
import { causes } from '@busbar/errors';

import type { DriverFault } from '../driver.ts';
import { faultOfCode, FAULTS, faultOfSystemCode } from '../kafka-errors.ts';

const UNSUPPORTED_VERSION = 35;
const UNSUPPORTED_COMPRESSION_TYPE = 76;

const TOPIC_NOT_LOADED: DriverFault = {
  kind: 'transient',
  outcome: 'not-sent',
  scope: 'topic',
  kafkaError: 'METADATA_NOT_LOADED',
  refreshMetadata: true,
};

const BY_NAME: Readonly<Record<string, DriverFault>> = {
  KafkaJSSASLAuthenticationError: FAULTS.sasl,
  KafkaJSRequestTimeoutError: FAULTS.requestTimeout,
  KafkaJSLockTimeout: FAULTS.lockTimeout,
  KafkaJSConnectionClosedError: FAULTS.connectionLost,
  KafkaJSNoBrokerAvailableError: FAULTS.notConnected,
  KafkaJSBrokerNotFound: FAULTS.notConnected,
  KafkaJSMetadataNotLoaded: TOPIC_NOT_LOADED,
  KafkaJSTopicMetadataNotLoaded: TOPIC_NOT_LOADED,
  KafkaJSServerDoesNotSupportApiKey: faultOfCode(UNSUPPORTED_VERSION),
  KafkaJSNotImplemented: faultOfCode(UNSUPPORTED_COMPRESSION_TYPE),
};

const property = (error: object, name: string): unknown => (name in error ? Reflect.get(error, name) : undefined);

/** kafkajs passes on what Node.js says when a broker closes in the middle of the handshake: that it does not speak TLS. */
const NOT_TLS = /secure TLS connection was established/;

const verdictOn = (error: object): DriverFault | undefined => {
  const name = property(error, 'name');
  const code = property(error, 'code');
  if (name === 'KafkaJSProtocolError' && typeof code === 'number') return faultOfCode(code);
  if (typeof name === 'string' && Object.hasOwn(BY_NAME, name)) return BY_NAME[name];
  if (name === 'KafkaJSConnectionError' && NOT_TLS.test(String(property(error, 'message')))) return FAULTS.tls;
  const system = typeof code === 'string' ? faultOfSystemCode(code) : undefined;
  if (system !== undefined) return system;
  // A connect timeout, or a socket that ended for a reason without a code: it may have been in the middle of a request.
  return name === 'KafkaJSConnectionError' ? FAULTS.connectionLost : undefined;
};

/** The verdict on anything kafkajs throws. */
export const classifyKafkaJs = (error: unknown): DriverFault => {
  for (const cause of causes(error)) {
    const verdict = typeof cause === 'object' && cause !== null ? verdictOn(cause) : undefined;
    if (verdict !== undefined) return verdict;
  }
  return FAULTS.unrecognized;
};

/** The Kafka error code in the chain, if there is one. */
export const protocolCodeOf = (error: unknown): number | undefined => {
  for (const cause of causes(error)) {
    if (typeof cause !== 'object' || cause === null || property(cause, 'name') !== 'KafkaJSProtocolError') continue;
    const code = property(cause, 'code');
    if (typeof code === 'number') return code;
  }
  return undefined;
};

/** Whether kafkajs did not find the broker to ask. */
export const isBrokerMissing = (error: unknown): boolean =>
  [...causes(error)].some((cause) => cause instanceof Error && cause.name === 'KafkaJSBrokerNotFound');
