import {
  AuthenticationError,
  MultipleErrors,
  NetworkError,
  ProtocolError,
  ResponseError,
  TimeoutError,
  UnsupportedApiError,
  UnsupportedCompressionError,
  UserError,
} from '@platformatic/kafka';
import { describe, expect, test } from 'vitest';

import { classifyPlatformatic, isDuplicate } from '../../src/platformatic/error-map.ts';

const PRODUCE = 0;
const answered = (code: number): Error =>
  new ResponseError(PRODUCE, 11, { '/responses/0/partition_responses/0': [code, null] }, {});
const attempts = (...errors: Error[]): Error =>
  new MultipleErrors('Producing messages failed.', [new MultipleErrors('produce failed 3 times.', errors)]);
const system = (code: string, message = code): Error => Object.assign(new Error(message), { code });
const connecting = (cause: Error): Error =>
  new MultipleErrors('Cannot connect to any broker.', [
    new NetworkError('Connection to kafka:9092 failed.', { cause }),
  ]);

describe('R-KP-6 the last attempt decides, and doubt about any of them stays', () => {
  test.each([
    ['a refused record', attempts(answered(10)), { kind: 'record', outcome: 'rejected', kafkaCode: 10 }],
    ['a moved leader', attempts(answered(6), answered(6)), { kind: 'transient', outcome: 'rejected', scope: 'lane' }],
    [
      'a moved leader after a lost connection',
      attempts(new NetworkError('Connection closed'), answered(6)),
      { kind: 'transient', outcome: 'unknown', kafkaCode: 6 },
    ],
    [
      'a request timeout, whatever code it carries',
      attempts(new TimeoutError('Request timed out')),
      { kind: 'transient', outcome: 'unknown', kafkaError: 'REQUEST_TIMEOUT' },
    ],
    [
      'a connect timeout',
      new TimeoutError('Connection to kafka:9092 timed out.'),
      { outcome: 'not-sent', kafkaError: 'NOT_CONNECTED' },
    ],
    [
      'a connection that ended before it was there',
      new NetworkError('Connection closed while waiting for ready.'),
      { outcome: 'not-sent', kafkaError: 'NOT_CONNECTED' },
    ],
    ['nobody listening', connecting(system('ECONNREFUSED')), { kind: 'transient', outcome: 'not-sent' }],
    [
      'a reset while connecting',
      connecting(system('ECONNRESET')),
      { outcome: 'not-sent', kafkaError: 'NOT_CONNECTED' },
    ],
    [
      'a reset later',
      new NetworkError('Connection error', { cause: system('ECONNRESET') }),
      { outcome: 'unknown', kafkaError: 'CONNECTION_LOST' },
    ],
    ['an expired certificate', connecting(system('CERT_HAS_EXPIRED')), { kind: 'client', kafkaError: 'TLS' }],
    [
      'a broker without TLS',
      connecting(
        system('ECONNRESET', 'Client network socket disconnected before secure TLS connection was established'),
      ),
      { kind: 'client', kafkaError: 'TLS' },
    ],
    ['a broker with TLS only', new UserError('Broker requires TLS.'), { kind: 'client', kafkaError: 'TLS' }],
    [
      'a wrong password',
      connecting(new AuthenticationError('SASL authentication failed.', { cause: answered(58) })),
      { kind: 'client', kafkaError: 'SASL_AUTHENTICATION_FAILED', kafkaCode: 58 },
    ],
    [
      'a refused token',
      connecting(new AuthenticationError('SASL authentication failed.')),
      { kind: 'client', kafkaError: 'SASL_AUTHENTICATION_FAILED' },
    ],
    ['an unknown topic', new UserError('Unknown topic t.'), { kafkaCode: 3, refreshMetadata: true }],
    [
      'a partition without a leader',
      new NetworkError('Cannot get a connection: the broker is not available in the current cluster metadata.'),
      { kafkaCode: 5, kind: 'transient' },
    ],
    ['a codec that is not there', new UnsupportedCompressionError('x'), { kind: 'client', kafkaCode: 76 }],
    ['an old broker', new UnsupportedApiError('x'), { kind: 'client', kafkaCode: 35 }],
    ['a broken sequence', attempts(new ProtocolError(45)), { kind: 'producer-broken', outcome: 'unknown' }],
  ])('%s', (_, error, verdict) => {
    expect(classifyPlatformatic(error)).toMatchObject(verdict);
  });

  test('anything at all has a verdict', () => {
    const values = [undefined, null, 'text', 5, new TypeError('x'), {}, { errors: [] }, { errors: 'x' }, { code: 7 }];
    for (const value of values) {
      expect(classifyPlatformatic(value)).toMatchObject({
        kind: 'producer-broken',
        outcome: 'unknown',
        kafkaError: 'UNRECOGNIZED',
      });
    }
    let deep: Error = answered(6);
    for (let depth = 0; depth < 100; depth += 1) deep = new MultipleErrors('again', [deep]);
    expect(classifyPlatformatic(deep)).toBeDefined();
  });
});

test('R-KP-6 a duplicate is a success, also at the end of several attempts', () => {
  expect(isDuplicate(attempts(new NetworkError('Connection closed'), answered(46)))).toBe(true);
  expect(isDuplicate(attempts(answered(46), answered(10)))).toBe(false);
  expect(isDuplicate('text')).toBe(false);
});
