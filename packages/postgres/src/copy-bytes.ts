import { ArgumentInvalidError } from './usage-errors.ts';

const PIECE_BYTES = 65_536;

const bytesOf = (chunk: unknown): Buffer => {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (typeof chunk === 'string' && chunk.isWellFormed()) return Buffer.from(chunk, 'utf8');
  // What was sent before is undone.
  throw new ArgumentInvalidError(
    { argument: 'source', expected: 'chunks of bytes (Uint8Array), or of text that ends between two characters' },
    { outcome: 'rejected' },
  );
};

/** A chunk of a COPY source as it is sent: in pieces of at most 64 KiB, since each is copied once more. @throws {@link ArgumentInvalidError} */
export function* copyBytes(chunk: unknown): Generator<Buffer, void, void> {
  const bytes = bytesOf(chunk);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
