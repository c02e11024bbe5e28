/** The codecs of record batches, of which Node.js has gzip and zstd; the other two are read here as plainly as their formats allow. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

import { WireError, WireReader } from './wire.ts';

/** index = bits 0–2 of a batch's attributes */
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
type Codec = (typeof CODECS)[number];

/** Appends bytes, and copies of earlier ones that may run into themselves, as both formats want it. */
class Window {
  #bytes = Buffer.alloc(1_024);
  #length = 0;

  literal(part: Buffer): void {
    this.#grow(part.length);
    part.copy(this.#bytes, this.#length);
    this.#length += part.length;
  }

  copy(distance: number, length: number): void {
    if (distance < 1 || distance > this.#length) throw new WireError('a copy from before the beginning');
    this.#grow(length);
    for (let end = this.#length + length; this.#length < end; this.#length += 1)
      this.#bytes.writeUInt8(this.#bytes.readUInt8(this.#length - distance), this.#length);
  }

  end(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.alloc((this.#length + more) * 2);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

const littleEndian = (reader: WireReader, bytes: number): number => reader.bytes(bytes).readUIntLE(0, bytes);

/** One raw block (google/snappy, format_description.txt). */
const unsnapBlock = (block: Buffer): Buffer => {
  const reader = new WireReader(block);
  const length = reader.uvarint();
  const out = new Window();
  while (reader.remaining > 0) {
    const tag = reader.bytes(1).readUInt8();
    const high = tag >> 2;
    switch (tag & 3) {
      case 0:
        out.literal(reader.bytes((high < 60 ? high : littleEndian(reader, high - 59)) + 1));
        break;
      case 1:
        out.copy(((tag >> 5) << 8) + littleEndian(reader, 1), (high & 7) + 4);
        break;
      default:
        out.copy(littleEndian(reader, (tag & 3) === 2 ? 2 : 4), high + 1);
    }
  }
  if (out.end().length !== length) throw new WireError('not as long as it says');
  return out.end();
};

const XERIAL = Buffer.from('\u0082SNAPPY\0', 'latin1');

/** Raw, or in the frames of the Java library, which Kafka's own clients write. */
const unsnap = (bytes: Buffer): Buffer => {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return unsnapBlock(bytes);
  const reader = new WireReader(bytes.subarray(16));
  const blocks: Buffer[] = [];
  while (reader.remaining > 0) blocks.push(unsnapBlock(reader.bytes(reader.int32())));
  return Buffer.concat(blocks);
};

const extended = (reader: WireReader, nibble: number): number => {
  let length = nibble;
  for (let byte = nibble === 15 ? 255 : 0; byte === 255; length += byte) byte = reader.bytes(1).readUInt8();
  return length;
};

/** One block (lz4_Block_format.md). */
const unlz4Block = (block: Buffer, out: Window): void => {
  const reader = new WireReader(block);
  while (reader.remaining > 0) {
    const token = reader.bytes(1).readUInt8();
    out.literal(reader.bytes(extended(reader, token >> 4)));
    // The last sequence is literals alone.
    if (reader.remaining === 0) return;
    const distance = littleEndian(reader, 2);
    out.copy(distance, extended(reader, token & 15) + 4);
  }
};

/** One frame (lz4_Frame_format.md); its checksums are not looked at, the batch has one. */
const unlz4 = (bytes: Buffer): Buffer => {
  const reader = new WireReader(bytes);
  if (littleEndian(reader, 4) !== 0x184d2204) throw new WireError('no frame');
  const flags = reader.bytes(2).readUInt8();
  reader.bytes((flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0) + 1);
  const out = new Window();
  for (let size = littleEndian(reader, 4); size !== 0; size = littleEndian(reader, 4)) {
    const block = reader.bytes(size % 2 ** 31);
    if (size >= 2 ** 31) out.literal(block);
    else unlz4Block(block, out);
    if (flags & 16) reader.bytes(4);
  }
  return out.end();
};

const DECODERS: Readonly<Record<Codec, (bytes: Buffer) => Buffer>> = {
  none: (bytes) => bytes,
  gzip: (bytes) => gunzipSync(bytes),
  snappy: unsnap,
  lz4: unlz4,
  zstd: (bytes) => zstdDecompressSync(bytes),
};

/**
 * The records of a batch as they were before their codec.
 * @throws {@link WireError} when the bytes are not of that codec
 */
export const decompress = (codec: Codec, bytes: Buffer): Buffer => {
  try {
    return DECODERS[codec](bytes);
  } catch (error) {
    throw new WireError(`the records are not ${codec}`, { cause: error });
  }
};
