/** CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), which record batches carry; `node:zlib` has only the other CRC-32. */
const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

export const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffffffff;
  // oxlint-disable-next-line typescript/prefer-for-of -- three times as fast as an iterator, over every byte that is produced
  for (let at = 0; at < bytes.length; at += 1) crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
};
