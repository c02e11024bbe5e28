import { createRequire } from 'node:module';

import { expect, test } from 'vitest';

import { availableCodecs, type CodecTable, installZstd, zstdCodec } from '../../src/kafkajs/codecs.ts';

const missing = (): never => {
  throw new Error('not implemented');
};

test('R-KP-6 zstd is put into a free place of the table, reads what it writes, and replaces nobody', async () => {
  const table: CodecTable = { 1: () => 'gzip', 2: missing, 3: missing, 4: missing };
  installZstd(table);
  expect(table[4]?.()).toBe(zstdCodec);
  const text = Buffer.from('abc'.repeat(1_000));
  const small = await zstdCodec.compress({ buffer: text });
  expect(small.length).toBeLessThan(100);
  expect(await zstdCodec.decompress(small)).toEqual(text);
  const own = (): string => 'mine';
  const taken: CodecTable = { 4: own };
  installZstd(taken);
  expect(taken[4]).toBe(own);
});

/** A `require` that has loaded something as kafkajs, or nothing. */
const requireWith = (exports: unknown): NodeJS.Require => {
  const real = createRequire(import.meta.url);
  const path = real.resolve('kafkajs');
  const cache = exports === undefined ? {} : { [path]: { exports } };
  return Object.assign((id: string): unknown => real(id), {
    resolve: Object.assign(() => path, { paths: () => [] }),
    cache: Object.assign({}, real.cache, { [path]: undefined }, cache),
    extensions: real.extensions,
    main: undefined,
  });
};

test('R-KP-6 snappy and lz4 are there when the user has put them in, and nothing is loaded to find out', () => {
  expect(availableCodecs(requireWith(undefined))).toEqual(['none', 'gzip', 'zstd']);
  expect(availableCodecs(requireWith('nonsense'))).toEqual(['none', 'gzip', 'zstd']);
  expect(availableCodecs(requireWith({ CompressionCodecs: { 2: missing, 3: () => ({}) } }))).toEqual([
    'none',
    'gzip',
    'lz4',
    'zstd',
  ]);
  expect(availableCodecs()).toEqual(expect.arrayContaining(['none', 'gzip', 'zstd']));
});
