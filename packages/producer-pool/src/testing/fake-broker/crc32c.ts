/** CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), which record batches carry; `node:zlib` has only the other CRC-32. */
const TABLE = new DataView(new ArrayBuffer(256 * 4));
for (let index = 0; index < 256; index += 1) {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  TABLE.setInt32(index * 4, value);
}

export const crc32c = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1;
  for (let at = 0; at < bytes.length; at += 1)
    crc = TABLE.getInt32(((crc ^ view.getUint8(at)) & 0xff) * 4) ^ (crc >>> 8);
  return ~crc >>> 0;
};
