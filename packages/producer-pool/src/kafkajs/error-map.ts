/**
 * kafkajs's errors → verdicts. The top error decides nothing: `KafkaJSNumberOfRetriesExceeded` and `KafkaJSNonRetriableError` say "not
 * retriable" above retriable causes, so the first error of the chain that says something is taken. Recognised by name, because the classes
 * are not importable by name from ESM and may come from a second copy.
 */
import { causes } from '@busbar/errors';

import type { DriverFault } from '../driver.ts';
import { property } from '../foreign-value.ts';
import {
  faultOfCode,
  FAULTS,
  faultOfSystemCode,
  UNSUPPORTED_COMPRESSION_TYPE,
  UNSUPPORTED_VERSION,
} from '../kafka-errors.ts';

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

/** kafkajs passes on what Node.js says when a broker closes in the middle of the handshake: that it does not speak TLS. */
const NOT_TLS = /secure TLS connection was established/;

/** What a broker answered, if the error tells that. */
const codeIn = (error: unknown): number | undefined => {
  const code = property(error, 'code');
  return property(error, 'name') === 'KafkaJSProtocolError' && typeof code === 'number' ? code : undefined;
};

const verdictOn = (error: unknown): DriverFault | undefined => {
  const answered = codeIn(error);
  if (answered !== undefined) return faultOfCode(answered);
  const name = property(error, 'name');
  const code = property(error, 'code');
  if (typeof name === 'string' && Object.hasOwn(BY_NAME, name)) return BY_NAME[name];
  if (name === 'KafkaJSConnectionError' && NOT_TLS.test(String(property(error, 'message')))) return FAULTS.tls;
  const system = typeof code === 'string' ? faultOfSystemCode(code) : undefined;
  if (system !== undefined) return system;
  // A connect timeout, or a socket that ended for a reason without a code: it may have been in the middle of a request.
  return name === 'KafkaJSConnectionError' ? FAULTS.connectionLost : undefined;
};

/** Above the error of the last attempt, if an earlier one may have been written. */
export class MayBeWritten extends Error {}

const firstVerdict = (error: unknown): DriverFault => {
  for (const cause of causes(error)) {
    const verdict = verdictOn(cause);
    if (verdict !== undefined) return verdict;
  }
  return FAULTS.unrecognized;
};

/** The verdict on anything kafkajs throws, and the driver. */
export const classifyKafkaJs = (error: unknown): DriverFault => {
  const verdict = firstVerdict(error);
  return error instanceof MayBeWritten ? { ...verdict, outcome: 'unknown' } : verdict;
};

/** The Kafka error code in the chain, if there is one. */
export const protocolCodeOf = (error: unknown): number | undefined => {
  for (const cause of causes(error)) {
    const code = codeIn(cause);
    if (code !== undefined) return code;
  }
  return undefined;
};

/** Whether kafkajs did not find the broker to ask. */
export const isBrokerMissing = (error: unknown): boolean =>
  [...causes(error)].some((cause) => property(cause, 'name') === 'KafkaJSBrokerNotFound');
