import { gzipSync, zstdCompressSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { decompress } from '../../../src/testing/fake-broker/decompress.ts';

const TEXT = `${'a record, a record, a record, and another record '.repeat(8)}END`;
const NOISE = Buffer.from(Array.from({ length: 300 }, (_, n) => (n * 181 + (n >> 3) * 7) % 256));

// Written by the encoders of other libraries.
const SNAPPY = 'iwMkYSByZWNvcmQsIFIKACRuZCBhbm90aGVyDShWJwANHQQsIP4xAP4xAP4xAP4xAOIxAAhFTkQ=';
const LZ4 = 'BCJNGGBAgi4AAACvYSByZWNvcmQsIAoAAqNuZCBhbm90aGVyKAAPJwADAx0ADzEA/yZgcmQgRU5EAAAAAA==';

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

test('R-KP-6 DC-12 each codec of Kafka is read', () => {
  const raw = Buffer.from(TEXT);
  expect(decompress('none', raw).toString()).toBe(TEXT);
  expect(decompress('gzip', gzipSync(raw)).toString()).toBe(TEXT);
  expect(decompress('zstd', zstdCompressSync(raw)).toString()).toBe(TEXT);
  expect(decompress('snappy', Buffer.from(SNAPPY, 'base64')).toString()).toBe(TEXT);
  expect(decompress('lz4', Buffer.from(LZ4, 'base64')).toString()).toBe(TEXT);
});

test('R-KP-6 DC-12 snappy in the frames of the Java library, long literals and far copies', () => {
  const block = Buffer.from(SNAPPY, 'base64');
  const header = Buffer.concat([Buffer.from('\u0082SNAPPY\0', 'latin1'), int32(1), int32(1)]);
  const framed = Buffer.concat([header, int32(block.length), block, int32(block.length), block]);
  expect(decompress('snappy', framed).toString()).toBe(TEXT + TEXT);
  // 300 bytes: a literal with its length in two bytes, then a copy of its first four from 300 back, with four bytes of distance.
  const literal = Buffer.concat([Buffer.from([0xac, 0x02, 61 << 2, 0x2b, 0x01]), NOISE]);
  expect(decompress('snappy', literal)).toEqual(NOISE);
  const far = Buffer.concat([Buffer.from([0xac, 0x02, 61 << 2, 0x27, 0x01]), NOISE.subarray(0, 296)]);
  const copied = decompress('snappy', Buffer.concat([far, Buffer.from([(3 << 2) + 3, 0x28, 0x01, 0, 0])]));
  expect(copied).toEqual(Buffer.concat([NOISE.subarray(0, 296), NOISE.subarray(0, 4)]));
});

test('R-KP-6 DC-12 lz4 with sizes, checksums and a block that is not compressed', () => {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(2 ** 31 + NOISE.length);
  // Version 1, block checksums, content size, dictionary id: 9 bytes more in the header, 4 more behind the block.
  const head = Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0b0101_1001, 0x40]), Buffer.alloc(13)]);
  const framed = Buffer.concat([head, size, NOISE, Buffer.alloc(4), Buffer.alloc(4)]);
  expect(decompress('lz4', framed)).toEqual(NOISE);
});

test('R-KP-6 DC-12 a run of thousands comes out of a few bytes', () => {
  // A literal of one byte, then copies of the byte before, 64 at a time.
  const copies = Array.from({ length: 100 }, () => [(63 << 2) + 2, 1, 0]).flat();
  expect(decompress('snappy', Buffer.from([0x81, 0x32, 0, 0x61, ...copies])).toString()).toBe('a'.repeat(6_401));
});

test.each([
  ['gzip', 'AAAA'],
  ['zstd', 'AAAA'],
  ['lz4', 'AAAAAAAA'],
  ['snappy', 'iwMk'],
  ['snappy', 'BQhFTkQ='],
  ['snappy', 'BQUK'],
] as const)('R-KP-6 what is not %s is said to be so: %s', (codec, text) => {
  expect(() => decompress(codec, Buffer.from(text, 'base64'))).toThrow(`the records are not ${codec}`);
});
