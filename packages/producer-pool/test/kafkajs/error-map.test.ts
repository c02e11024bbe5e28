import kafkajs from 'kafkajs';
import { describe, expect, test } from 'vitest';

import { classifyKafkaJs, protocolCodeOf } from '../../src/kafkajs/error-map.ts';

const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } = kafkajs;

const protocolError = (code: number): Error =>
  new KafkaJSProtocolError(Object.assign(new Error('refused'), { type: 'X', code, retriable: true }));
const exceeded = (error: Error): Error => new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 2, retryTime: 100 });
const named = (name: string, o: object = {}): Error => Object.assign(new Error('x'), { name, ...o });

describe('R-KP-6 the cause decides, not the wrapper that says "not retriable"', () => {
  test.each([
    ['retries over a moved leader', exceeded(protocolError(6)), { kind: 'transient', kafkaCode: 6, scope: 'lane' }],
    ['a raw refusal of a record', protocolError(10), { kind: 'record', kafkaCode: 10 }],
    [
      'retries over a refused connection',
      exceeded(new KafkaJSConnectionError('x', { code: 'ECONNREFUSED' })),
      { kind: 'transient', outcome: 'not-sent' },
    ],
    [
      'no retry over all brokers down',
      named('KafkaJSNonRetriableError', { cause: new KafkaJSConnectionError('x', { code: 'ENOTFOUND' }) }),
      { kind: 'transient', outcome: 'not-sent' },
    ],
    [
      'a reset connection',
      exceeded(new KafkaJSConnectionError('x', { code: 'ECONNRESET' })),
      { kind: 'transient', outcome: 'unknown' },
    ],
    [
      'a connection that ended for no stated reason',
      exceeded(new KafkaJSConnectionError('Connection timeout')),
      { kind: 'transient', outcome: 'unknown' },
    ],
    [
      'a certificate',
      new KafkaJSConnectionError('x', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      { kind: 'client', kafkaError: 'TLS' },
    ],
    ['a closed connection', named('KafkaJSConnectionClosedError'), { kind: 'transient', outcome: 'unknown' }],
    [
      'a request timeout',
      exceeded(named('KafkaJSRequestTimeoutError')),
      { kind: 'transient', outcome: 'unknown', kafkaError: 'REQUEST_TIMEOUT' },
    ],
    ['a lock timeout', named('KafkaJSLockTimeout'), { kind: 'producer-broken', kafkaError: 'LOCK_TIMEOUT' }],
    [
      'a wrong password',
      named('KafkaJSNonRetriableError', { cause: named('KafkaJSSASLAuthenticationError') }),
      { kind: 'client', kafkaError: 'SASL_AUTHENTICATION_FAILED' },
    ],
    [
      'a missing topic',
      exceeded(named('KafkaJSMetadataNotLoaded')),
      { kind: 'transient', scope: 'topic', refreshMetadata: true },
    ],
    ['an old broker', named('KafkaJSServerDoesNotSupportApiKey'), { kind: 'client', kafkaCode: 35 }],
    ['a codec that is not there', named('KafkaJSNotImplemented'), { kind: 'client', kafkaCode: 76 }],
    ['a code beyond the table of kafkajs', protocolError(-99), { kind: 'producer-broken', outcome: 'unknown' }],
    ['a sequence out of order', protocolError(45), { kind: 'producer-broken', kafkaCode: 45 }],
    [
      'several connections',
      new AggregateError([named('Error', { code: 'ECONNREFUSED' })], 'x'),
      { kind: 'transient', outcome: 'not-sent' },
    ],
  ])('%s', (_, error, verdict) => {
    expect(classifyKafkaJs(error)).toMatchObject(verdict);
  });

  test('anything at all has a verdict', () => {
    for (const value of [undefined, null, 'text', 5, new TypeError('x'), {}, { name: 'constructor' }, { cause: 'x' }]) {
      expect(classifyKafkaJs(value)).toMatchObject({
        kind: 'producer-broken',
        outcome: 'unknown',
        kafkaError: 'UNRECOGNIZED',
      });
    }
  });
});

test('R-KP-6 the code of the protocol is found behind wrappers', () => {
  expect(protocolCodeOf(exceeded(protocolError(46)))).toBe(46);
  expect(protocolCodeOf(new Error('x', { cause: 'text' }))).toBeUndefined();
});
