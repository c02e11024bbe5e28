/** Without a copy, and without a new view of what is a Buffer already: the views of a batch cost as much as its checksum. */
export const asBuffer = (part: Uint8Array): Buffer =>
  Buffer.isBuffer(part) ? part : Buffer.from(part.buffer, part.byteOffset, part.byteLength);
