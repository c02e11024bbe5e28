import { gunzipSync, zstdDecompressSync } from 'node:zlib';

import type { BatchCodec } from './record-batch.ts';
import { WireError } from './wire.ts';

/**
 * The records of a batch as they were before their codec.
 * @throws {@link WireError} when the bytes are not of that codec
 */
export const decompress = (codec: BatchCodec, bytes: Buffer): Buffer => {
  try {
    switch (codec) {
      case 'none':
        return bytes;
      case 'gzip':
        return gunzipSync(bytes);
      case 'zstd':
        return zstdDecompressSync(bytes);
      case 'snappy':
      case 'lz4':
        throw new WireError(`${codec} is not understood`);
      default:
        return codec satisfies never;
    }
  } catch (error) {
    throw new WireError(`the records are not ${codec}`, { cause: error });
  }
};
