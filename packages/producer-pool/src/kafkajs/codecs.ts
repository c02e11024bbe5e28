/**
 * Codecs of kafkajs, which has gzip and one table for the whole process where others may be put. zstd comes from Node.js and is put
 * there at first use, if the place is free; snappy and lz4 are the user's.
 */
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';

import type { Compression } from '../driver.ts';
import { isObject, property } from '../foreign-value.ts';

/** What kafkajs wants of a codec. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

/** Attribute bits of a record batch, and places in the table of kafkajs. */
export const CODEC_NUMBERS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const satisfies Readonly<
  Record<Compression, number>
>;

export type CodecTable = Record<number, () => unknown>;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export const zstdCodec: Codec = {
  compress: ({ buffer }) => compress(buffer),
  decompress: (buffer) => decompress(buffer),
};

/** kafkajs fills the places of codecs it does not have with functions that throw. */
const isFree = (table: CodecTable, codec: Compression): boolean => {
  try {
    return table[CODEC_NUMBERS[codec]]?.() === undefined;
  } catch {
    return true;
  }
};

/** Puts zstd into the table; a codec that is there stays. */
export const installZstd = (table: CodecTable): void => {
  if (isFree(table, 'zstd')) table[CODEC_NUMBERS.zstd] = () => zstdCodec;
};

const isCodecTable = (value: unknown): value is CodecTable => isObject(value);

/** The table, if this process has loaded kafkajs already: who has put codecs into it has. */
const loadedTable = (require: NodeJS.Require): CodecTable | undefined => {
  const table = property(require.cache[require.resolve('kafkajs')]?.exports, 'CompressionCodecs');
  return isCodecTable(table) ? table : undefined;
};

/** What can be compressed with: `none`, `gzip`, `zstd`, and what the user has put into the table of kafkajs before. */
export const availableCodecs = (require = createRequire(import.meta.url)): readonly Compression[] => {
  const table = loadedTable(require) ?? {};
  return ['none', 'gzip', ...(['snappy', 'lz4'] as const).filter((codec) => !isFree(table, codec)), 'zstd'];
};
