import {
  AbortedError,
  combineOutcomes,
  InternalError,
  isAbortError,
  isRetryable,
  outcomeOf,
  retryAfterMsOf,
  TimeoutError,
  toBusbarError,
} from '@busbar/errors';
import {
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
} from 'kafkajs';
import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';

import { BreakerOpenError, refusal } from './sample-family.ts';

const coded = (code: string, more: object = {}): Error => Object.assign(new Error(code), { code, ...more });
const postgres = (code: string): Error =>
  Object.assign(new DatabaseError('text of the server', 10, 'error'), { severity: 'ERROR', code });

describe('isRetryable', () => {
  it('R-PG-2 knows the SQLSTATEs after which the same statement may succeed', () => {
    const transient = ['08006', '53300', '25006', '40001', '40P01', '55P03', '57P01', '57P02', '57P03', '57P05'];
    const final = ['08007', '28P01', '42501', '23505', '22P02', '57014', '25P02'];
    expect(transient.filter((code) => !isRetryable(postgres(code)))).toEqual([]);
    expect(final.filter((code) => isRetryable(postgres(code)))).toEqual([]);
  });

  it('takes five capitals for an SQLSTATE only from a server that states a severity', () => {
    expect(isRetryable(coded('40001'))).toBe(false);
    expect(isRetryable(coded('too long', { severity: 'ERROR' }))).toBe(false);
  });

  it('knows the errors of sockets and of name resolution', () => {
    const transient = [
      'ECONNREFUSED',
      'ECONNRESET',
      'ETIMEDOUT',
      'EPIPE',
      'ENOTFOUND',
      'EAI_AGAIN',
      'EHOSTUNREACH',
      'ENETUNREACH',
    ];
    expect(transient.filter((code) => !isRetryable(coded(code)))).toEqual([]);
    expect(isRetryable(coded('ENOENT'))).toBe(false);
  });

  it('looks through the wrappers of fetch', async () => {
    const error: unknown = await fetch('http://127.0.0.1:60998/').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(isRetryable(error)).toBe(true);
    expect(toBusbarError(error).message).toBe('internal error: unexpected error: TypeError');
  });

  it('looks through what kafkajs says of its wrappers, and believes what it says of the cause', () => {
    const connection = new KafkaJSConnectionError('refused', { broker: 'localhost:9092' });
    expect(isRetryable(connection)).toBe(true);
    const exceeded = new KafkaJSNumberOfRetriesExceeded(connection, { retryCount: 5, retryTime: 1 });
    expect(exceeded).toMatchObject({ retriable: false });
    expect(isRetryable(exceeded)).toBe(true);
    const wrapped = Object.assign(new KafkaJSNonRetriableError('gave up'), { cause: exceeded });
    expect(isRetryable(wrapped)).toBe(true);
    expect(isRetryable(new KafkaJSNonRetriableError('no'))).toBe(false);
    expect(isRetryable(new KafkaJSProtocolError(Object.assign(new Error('x'), { retriable: false })))).toBe(false);
    expect(isRetryable(Object.assign(new Error('wrapper'), { originalError: connection }))).toBe(true);
  });

  it('believes canRetry of a client without a cause', () => {
    expect(isRetryable(Object.assign(new Error('x'), { canRetry: true }))).toBe(true);
    expect(isRetryable(Object.assign(new Error('x'), { canRetry: false }))).toBe(false);
  });

  it('lets a family member decide, on top and behind foreign wrappers', () => {
    const open = new BreakerOpenError(refusal);
    expect(isRetryable(open)).toBe(true);
    expect(isRetryable(new Error('wrapper', { cause: open }))).toBe(true);
    expect(isRetryable(new InternalError({ what: 'x' }, { cause: open }))).toBe(false);
  });

  it('never retries an abort, wherever it is met first', () => {
    expect(isRetryable(new DOMException('x', 'AbortError'))).toBe(false);
    expect(isRetryable(new Error('wrapper', { cause: new DOMException('x', 'AbortError') }))).toBe(false);
  });

  it('lets one recognised no decide in an aggregate', () => {
    const yes = coded('ECONNREFUSED');
    const no = postgres('28P01');
    expect(isRetryable(new AggregateError([yes, new Error('unknown')]))).toBe(true);
    expect(isRetryable(new AggregateError([yes, no]))).toBe(false);
    expect(isRetryable(Object.assign(new AggregateError([yes, no]), { code: 'ECONNREFUSED' }))).toBe(false);
    expect(isRetryable(Object.assign(new AggregateError([]), { cause: yes }))).toBe(true);
  });

  it('says no to what nobody recognises, to cycles and to endless chains', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    expect(isRetryable(loop)).toBe(false);
    let deep: Error = coded('ECONNREFUSED');
    for (let level = 0; level < 70; level += 1) deep = new Error('level', { cause: deep });
    expect(isRetryable(deep)).toBe(false);
    expect([undefined, null, 'ECONNREFUSED', 5, {}].some((value) => isRetryable(value))).toBe(false);
  });
});

describe('isAbortError', () => {
  it('knows the aborts of the platform and of every area, and not an aborted transaction', () => {
    const signal = AbortSignal.abort();
    const aborts = [
      signal.reason,
      coded('ABORT_ERR'),
      new AbortedError({ what: 'x', reason: 'closed' }),
      coded('BUSBAR_POSTGRES_ABORTED'),
    ];
    expect(aborts.filter((value) => !isAbortError(value))).toEqual([]);
    const others = [
      coded('BUSBAR_POSTGRES_TX_ABORTED'),
      new DOMException('x', 'TimeoutError'),
      new Error('AbortError'),
      'AbortError',
      undefined,
    ];
    expect(others.filter((value) => isAbortError(value))).toEqual([]);
  });
});

describe('hints and outcomes', () => {
  it('come from the nearest family member that has something to say', () => {
    const inner = new TimeoutError({ what: 'x', limitMs: 1 }, { retryAfterMs: 20, outcome: 'rejected' });
    const outer = new InternalError({ what: 'x' }, { cause: inner });
    expect(retryAfterMsOf(new Error('wrapper', { cause: outer }))).toBe(20);
    expect(outcomeOf(new Error('wrapper', { cause: outer }))).toBe('unknown');
    expect(outcomeOf(new Error('foreign'))).toBeUndefined();
    expect(retryAfterMsOf(new Error('foreign'))).toBeUndefined();
    expect(outcomeOf(new AbortedError({ what: 'x', reason: 'signal' }))).toBeUndefined();
  });

  it('a hint that is no waiting time is none', () => {
    for (const retryAfterMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(retryAfterMsOf(new TimeoutError({ what: 'x', limitMs: 1 }, { retryAfterMs }))).toBeUndefined();
    }
  });

  it('unknown dominates the outcomes of several attempts, else the last one counts', () => {
    expect(combineOutcomes('unknown', 'not-sent')).toBe('unknown');
    expect(combineOutcomes('rejected', 'unknown')).toBe('unknown');
    expect(combineOutcomes('rejected', 'not-sent')).toBe('not-sent');
    expect(combineOutcomes('rejected', undefined)).toBe('rejected');
    expect(combineOutcomes(undefined, undefined)).toBeUndefined();
  });
});
