import { describe, expect, test } from 'vitest';

import { freezeRecord, keyIdOf, type ProducerRecord, recordBytes, recordProblem } from '../src/record.ts';
import { topicNameProblem } from '../src/topic-name.ts';

const LIMITS = { maxKeyBytes: 8, maxHeaders: 2, maxHeaderBytes: 20 };
const problem = (record: Partial<ProducerRecord>): string | undefined =>
  recordProblem({ topic: 't', value: 'v', ...record }, LIMITS);

describe('topic names', () => {
  test('R-KP-3 the names that Kafka takes are taken', () => {
    for (const name of ['a', 'Orders.v1_x-y', 'x'.repeat(249), '...']) expect(topicNameProblem(name)).toBeUndefined();
  });

  test('R-KP-3 the names that Kafka refuses are refused', () => {
    for (const name of ['', '.', '..', 'x'.repeat(250), 'a b', 'ä', 'a/b'])
      expect(topicNameProblem(name)).toContain('topic must');
  });
});

describe('record checks', () => {
  test('R-KP-3 keys are text without lone surrogates, bytes or null, up to the limit', () => {
    for (const key of ['12345678', null, undefined, new Uint8Array(8)]) {
      expect(problem(key === undefined ? {} : { key })).toBeUndefined();
    }
    expect(problem({ key: '123456789' })).toBe('key is larger than 8 bytes');
    expect(problem({ key: new Uint8Array(9) })).toBe('key is larger than 8 bytes');
    expect(problem({ key: '\uD800' })).toBe('key has a lone surrogate');
  });

  test('R-KP-3 headers are bounded in number and size, their names are text', () => {
    expect(problem({ headers: { a: '1', b: new Uint8Array(2) } })).toBeUndefined();
    expect(problem({ headers: { a: '1', b: '2', c: '3' } })).toBe('more than 2 headers');
    expect(problem({ headers: { a: 'x'.repeat(20) } })).toBe('headers are larger than 20 bytes');
    expect(problem({ headers: { '': '1' } })).toContain('a header name is empty');
    expect(problem({ headers: { '\uDC00': '1' } })).toContain('lone surrogate');
  });

  test('R-KP-3 partition and timestamp are whole numbers from 0', () => {
    expect(problem({ partition: 0, timestampMs: 0 })).toBeUndefined();
    for (const wrong of [-1, 0.5, Number.NaN]) {
      expect(problem({ partition: wrong })).toContain('partition');
      expect(problem({ timestampMs: wrong })).toContain('timestampMs');
    }
  });

  test('R-KP-3 what JavaScript lets through is refused as well', () => {
    const untyped = (record: object): string | undefined =>
      recordProblem(Object.assign({ topic: 't', value: 'v' }, record), LIMITS);
    expect(untyped({ value: 5 })).toContain('value must be');
    expect(untyped({ value: undefined })).toContain('value must be');
    expect(untyped({ key: 5 })).toContain('key must be');
    expect(untyped({ headers: { a: 5 } })).toContain('header value');
  });
});

test('R-KP-6 the size of a record is the bytes of key, value and headers', () => {
  expect(
    recordBytes({ topic: 't', key: 'ä', value: new Uint8Array(3), headers: { h: 'ü', b: new Uint8Array(4) } }),
  ).toBe(2 + 3 + 1 + 2 + 1 + 4);
  expect(recordBytes({ topic: 't', value: null })).toBe(0);
});

test('R-KP-6 a frozen record does not follow its caller', () => {
  const headers: Record<string, string> = { a: '1' };
  const frozen = freezeRecord({ topic: 't', key: 'k', value: 'v', headers }, 5);
  headers['a'] = '2';
  expect(frozen).toEqual({ key: 'k', value: 'v', headers: { a: '1' }, timestampMs: 5 });
  expect(freezeRecord({ topic: 't', value: null, timestampMs: 9 }, 5)).toEqual({
    key: null,
    value: null,
    headers: {},
    timestampMs: 9,
  });
});

test('R-KP-6 equal bytes are one key, whatever they came as', () => {
  expect(keyIdOf(Buffer.from('grüße'))).toBe(keyIdOf('grüße'));
  expect(keyIdOf(Uint8Array.from([0xff, 0x00]))).not.toBe(keyIdOf('\u00FF\u0000'));
  expect(keyIdOf(Uint8Array.from([0xff]))).toBe(keyIdOf(Uint8Array.from([0xff])));
  expect(keyIdOf(null)).toBeUndefined();
  expect(keyIdOf(undefined)).toBeUndefined();
});
