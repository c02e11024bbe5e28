import { AbortedError } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import { type Classify, createBreaker, type Verdict } from '../../src/index.ts';
import { classifyKafka, classifyPostgres, composeClassify } from '../../src/presets/index.ts';
import { outcome } from '../breaker-on-manual-time.ts';
import { kafkaJsError, poolError, postgresError, protocolError, systemError } from './foreign-errors.ts';

const judge = (classify: Classify, thrown: unknown, signal?: AbortSignal): Verdict | undefined =>
  classify.error?.(thrown, 0, signal);
const postgres = (thrown: unknown, signal?: AbortSignal): Verdict | undefined =>
  judge(classifyPostgres, thrown, signal);
const kafka = (thrown: unknown): Verdict | undefined => judge(classifyKafka, thrown);

describe('what an error of PostgreSQL says about the server', () => {
  test.each<[Verdict, readonly string[]]>([
    ['failure', ['08006', '28P01', '28000', '3D000', '53300', '53200', '58030', 'XX000', 'XX001']],
    ['failure', ['57P01', '57P02', '57P03', '57P04', '57P05', '25006', '57014']],
    [
      'success',
      ['22P02', '23505', '23503', '25P02', '25P03', '40001', '40P01', '42601', '42501', '54000', '55P03', 'P0001'],
    ],
  ])('R-CB-1 %s: %j', (verdict, states) => {
    for (const state of states) {
      expect([state, postgres(postgresError(state))]).toEqual([state, verdict]);
      expect([state, postgres(Object.assign(new Error('wrapped'), { code: 'OTHER', sqlState: state }))]).toEqual([
        state,
        verdict,
      ]);
    }
  });

  test('R-CB-1 a statement that the caller cancelled says nothing', () => {
    expect(postgres(postgresError('57014'), AbortSignal.abort())).toBe('ignore');
    expect(postgres(postgresError('57014'), new AbortController().signal)).toBe('failure');
  });

  test.each<[Verdict, readonly string[]]>([
    [
      'failure',
      [
        'CONNECT',
        'CONNECT_TIMEOUT',
        'SETUP',
        'TLS',
        'AUTH',
        'TOO_MANY_CONNECTIONS',
        'LEASE_LOST',
        'DEADLINE',
        'READ_ONLY',
      ],
    ],
    ['failure', ['STATEMENT_TIMEOUT', 'RESOURCE', 'INTERNAL', 'OUTCOME_UNKNOWN']],
    [
      'success',
      [
        'SERIALIZATION',
        'DEADLOCK',
        'LOCK_TIMEOUT',
        'TX_ABORTED',
        'CONSTRAINT',
        'DATA',
        'SYNTAX',
        'SCHEMA',
        'PRIVILEGE',
      ],
    ],
    ['success', ['COMMIT_ROLLED_BACK', 'ROW_COUNT', 'TOO_MANY_ROWS']],
    [
      'ignore',
      [
        'QUEUE_FULL',
        'ACQUIRE_TIMEOUT',
        'CLOSED',
        'LEASE_RELEASED',
        'LEASE_BUSY',
        'TX_ENDED',
        'ARGUMENT_INVALID',
        'TX_CONTROL',
      ],
    ],
    ['ignore', ['OPTIONS', 'ABORTED', 'GUARD_BLOCKED', 'MULTI_STATEMENT', 'FOREIGN_CONNECTION', 'POOLER_UNSUPPORTED']],
  ])('R-CB-1 the codes of our own manager, %s: %j', (verdict, codes) => {
    for (const code of codes) {
      const error = Object.assign(new Error(code), { code: `BUSBAR_POSTGRES_${code}` });
      expect([code, postgres(error)]).toEqual([code, verdict]);
    }
  });

  test('R-CB-1 what is not recognised is a failure', () => {
    for (const error of [
      new Error('timeout exceeded when trying to connect'),
      'text',
      undefined,
      null,
      { code: 'EPIPES' },
    ]) {
      expect(postgres(error)).toBe('failure');
    }
    expect(postgres(Object.assign(new Error('new'), { code: 'BUSBAR_POSTGRES_UNHEARD_OF' }))).toBe('failure');
  });
});

describe('what an error of a Kafka client says about the brokers', () => {
  test.each<[Verdict, readonly number[]]>([
    ['failure', [5, 6, 7, 8, 13, 19, 20, 56, 74, 75, 33, 34, 58]],
    ['success', [2, 10, 17, 18, 29, 32, 43, 44, 87, 21, 31, 35, 76, 46]],
    ['ignore', [3, 45, 47, 49, 59, 90, 89]],
    ['failure', [-99, -1, 1_000]],
  ])('R-CB-1 %s: error codes %j', (verdict, codes) => {
    for (const code of codes) {
      expect([code, kafka(protocolError(code))]).toEqual([code, verdict]);
      expect([code, kafka(Object.assign(new Error('other client'), { apiCode: code }))]).toEqual([code, verdict]);
      expect([code, kafka(poolError('DRIVER', { kafkaCode: code }))]).toEqual([code, verdict]);
    }
  });

  test('R-CB-1 the top error decides nothing: kafkajs says "not retriable" over a refused connection', () => {
    const refused = kafkaJsError('KafkaJSConnectionError');
    expect(kafka(kafkaJsError('KafkaJSNumberOfRetriesExceeded', refused))).toBe('failure');
    expect(
      kafka(
        kafkaJsError('KafkaJSNonRetriableError', kafkaJsError('KafkaJSNumberOfRetriesExceeded', protocolError(10))),
      ),
    ).toBe('success');
    expect(kafka(Object.assign(new Error('old style'), { originalError: protocolError(3) }))).toBe('ignore');
  });

  test.each<[Verdict, readonly string[]]>([
    ['failure', ['KafkaJSConnectionClosedError', 'KafkaJSRequestTimeoutError', 'KafkaJSBrokerNotFound']],
    ['failure', ['KafkaJSNoBrokerAvailableError', 'KafkaJSSASLAuthenticationError', 'KafkaJSError']],
    ['success', ['KafkaJSServerDoesNotSupportApiKey']],
    ['ignore', ['KafkaJSLockTimeout', 'KafkaJSMetadataNotLoaded', 'KafkaJSTopicMetadataNotLoaded']],
  ])('R-CB-1 names of kafkajs, %s: %j', (verdict, names) => {
    for (const name of names) expect([name, kafka(kafkaJsError(name))]).toEqual([name, verdict]);
  });

  test('R-CB-1 a fault of one partition, while others are acknowledged, says nothing about the brokers', () => {
    expect(kafka(poolError('DRIVER', { scope: 'lane', kind: 'transient', kafkaCode: 6 }))).toBe('ignore');
    expect(kafka(poolError('DRIVER', { scope: 'broker', kind: 'transient', kafkaCode: 6 }))).toBe('failure');
  });

  test.each<[Verdict, object]>([
    ['failure', { kind: 'transient', kafkaError: 'CONNECTION_LOST' }],
    ['failure', { kind: 'producer-broken', kafkaError: 'WATCHDOG' }],
    ['failure', { kind: 'client', kafkaError: 'TLS' }],
    ['failure', { kind: 'client', kafkaError: 'SASL_AUTHENTICATION_FAILED' }],
    ['success', { kind: 'client', kafkaError: 'UNSUPPORTED_VERSION' }],
    ['success', { kind: 'record' }],
    ['success', { kind: 'topic' }],
    ['ignore', { kind: 'producer-broken', kafkaError: 'UNACKNOWLEDGED' }],
    ['failure', {}],
  ])('R-CB-1 an attempt of the producer pool, %s: %j', (verdict, details) => {
    expect(kafka(poolError('DRIVER', details))).toBe(verdict);
  });

  test.each<[Verdict, readonly string[]]>([
    ['failure', ['AUTH', 'CONNECT', 'DELIVERY_TIMEOUT', 'WATCHDOG']],
    ['success', ['RECORD_REJECTED', 'TOPIC_DENIED']],
    [
      'ignore',
      ['OPTIONS', 'RECORD_INVALID', 'RECORD_TOO_LARGE', 'BUFFER_FULL', 'UNKNOWN_TOPIC', 'UNAVAILABLE', 'KEY_BLOCKED'],
    ],
    ['ignore', ['ABORTED', 'CLOSED', 'UNACKNOWLEDGED']],
  ])('R-CB-1 the codes of the producer pool, %s: %j', (verdict, codes) => {
    for (const code of codes) {
      expect([code, kafka(poolError(code))]).toEqual([code, verdict]);
      expect([code, kafka(Object.assign(new Error(code), { code: `BUSBAR_PRODUCER_${code}` }))]).toEqual([
        code,
        verdict,
      ]);
    }
  });
});

describe.each([
  ['classifyPostgres', postgres],
  ['classifyKafka', kafka],
] as const)('%s and what is common to all clients', (_, classify) => {
  test.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    'EPIPE',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
  ])('R-CB-1 %s is a failure, however deep', (code) => {
    expect(classify(systemError(code))).toBe('failure');
    expect(classify(new Error('outer', { cause: new Error('inner', { cause: systemError(code) }) }))).toBe('failure');
  });

  test('R-CB-1 what the caller gave up says nothing', () => {
    expect(classify(new AbortedError({ what: 'query', reason: 'signal' }))).toBe('ignore');
    expect(classify(new DOMException('no', 'AbortError'))).toBe('ignore');
  });

  test('R-CB-1 of an aggregate one failure decides', () => {
    const mild = new AbortedError({ what: 'query', reason: 'signal' });
    expect(classify(new AggregateError([mild, systemError('ECONNREFUSED')]))).toBe('failure');
    expect(classify(new AggregateError([new Error('?'), mild]))).toBe('ignore');
    expect(classify(new AggregateError([]))).toBe('failure');
  });

  test('hostile objects are failures and nothing worse', () => {
    const cyclic = new Error('cycle');
    cyclic.cause = cyclic;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const deep = Array.from({ length: 100 }).reduce<Error>(
      (cause) => new Error('deeper', { cause }),
      systemError('EPIPE'),
    );
    for (const error of [cyclic, proxy, deep, () => 'a function', { errors: 'none' }])
      expect(classify(error)).toBe('failure');
  });
});

describe('composeClassify', () => {
  const mine = {
    error: (error: unknown): Verdict | undefined => (error instanceof RangeError ? 'ignore' : undefined),
    result: (result: unknown): Verdict | undefined => (result === 503 ? 'failure' : undefined),
  };

  test('R-CB-1 the first that has an opinion decides', () => {
    const classify = composeClassify(mine, {}, classifyPostgres);
    expect(judge(classify, new RangeError('mine'))).toBe('ignore');
    expect(judge(classify, postgresError('23505'))).toBe('success');
    expect([classify.result(503, 0), classify.result(200, 0)]).toEqual(['failure', 'success']);
    expect(judge(composeClassify(mine), new Error('nobody knows'))).toBe('failure');
  });

  test('a breaker takes it', async () => {
    const breaker = createBreaker({
      name: 'composed',
      profile: 'test',
      classify: composeClassify(mine, classifyKafka),
    });
    await outcome(breaker.execute(() => Promise.reject(new RangeError('mine'))));
    await outcome(breaker.execute(() => Promise.reject(protocolError(10))));
    await outcome(breaker.execute(() => Promise.reject(protocolError(8))));
    expect(breaker.stats()).toMatchObject({ ignored: 1, success: 1, failure: 1 });
  });
});
