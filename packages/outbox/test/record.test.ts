import { crc32 } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import type { OutboxRecord } from '../src/index.ts';
import { lockOf, recordProblems, shardOf, unitOf, wireBytes } from '../src/record.ts';

const record = (more: Partial<Record<keyof OutboxRecord, unknown>> = {}): OutboxRecord =>
  Object.assign({ id: 'e1', topic: 'orders', key: 'k', headers: { a: 'b' }, value: '{}' }, more);

describe('W3 what is checked before the INSERT', () => {
  test('a good record has no problem', () => {
    expect(recordProblems(record())).toEqual([]);
    expect(recordProblems(record({ key: null, value: null }))).toEqual([]);
    expect(recordProblems(record({ value: new Uint8Array(3), key: 'ä'.repeat(256) }))).toEqual([]);
  });

  test.each([
    [{ id: '' }, 'id must be a non-empty string'],
    [{ id: 7 }, 'id must be a non-empty string'],
    [{ id: 'x'.repeat(129) }, 'id is longer than 128 characters'],
    [{ id: 'a\0b' }, 'id contains a NUL character'],
    [{ topic: 'a b' }, 'topic must be'],
    [{ topic: '..' }, 'topic must be'],
    [{ topic: 'x'.repeat(250) }, 'topic must be'],
    [{ key: 'ä'.repeat(257) }, 'key is longer than 512 bytes'],
    [{ key: '\uD800' }, 'key contains a lone surrogate'],
    [{ key: 7 }, 'key must be a string'],
    [{ key: undefined }, 'key must be a string'],
    [{ headers: { a: 1 } }, 'every header must be a string'],
    [{ headers: { a: '\0' } }, 'a header contains a NUL character'],
    [{ headers: null }, 'headers must be an object'],
    [{ value: 'a\0' }, 'value contains a NUL character'],
    [{ value: '\uDFFF' }, 'value contains a lone surrogate'],
    [{ value: {} }, 'value must be a string, bytes'],
  ])('%j is refused', (more, problem) => {
    const problems = recordProblems(record(more));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  test('a problem never quotes what is in the record', () => {
    const problems = recordProblems(
      record({ id: 'secret\0', key: 'secret\0', value: 'secret\0', headers: { secret: '\0' } }),
    );
    expect(problems.join()).not.toContain('secret');
  });
});

describe('what a record is worth', () => {
  test('the shard is that of the key, or of the id where there is no key', () => {
    expect(shardOf({ id: 'e1', key: 'k' })).toBe(crc32('k') % 64);
    expect(shardOf({ id: 'e1', key: null })).toBe(crc32('e1') % 64);
  });

  test('the lock of a key is an int4, and differs between topics', () => {
    const locks = ['orders', 'bills'].map((topic) => lockOf({ topic, key: 'k' }));
    expect(locks[0]).not.toBe(locks[1]);
    for (let index = 0; index < 200; index += 1) {
      const lock = lockOf({ topic: 't', key: `k${index}` });
      expect(lock).toBe(Math.trunc(lock ?? 0.5));
      expect(Math.abs(lock ?? 0)).toBeLessThanOrEqual(2 ** 31);
    }
    expect(lockOf({ topic: 't', key: null })).toBeNull();
  });

  test('bytes are those of key, headers and value on the wire', () => {
    expect(wireBytes(record({ key: 'ä', headers: { h: '€' }, value: 'xy' }))).toBe(2 + 1 + 3 + 2);
    expect(wireBytes(record({ key: null, headers: {}, value: new Uint8Array(5) }))).toBe(5);
    expect(wireBytes(record({ key: null, headers: {}, value: null }))).toBe(0);
  });

  test('a record without a key is a key of its own', () => {
    const of = (seq: bigint, key: string | null, topic = 'orders') => unitOf({ seq, record: record({ key, topic }) });
    expect(of(1n, null)).not.toBe(of(2n, null));
    expect(of(1n, 'k')).toBe(of(2n, 'k'));
    expect(of(1n, 'k')).not.toBe(of(1n, 'k', 'bills'));
  });
});
