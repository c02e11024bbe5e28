/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), which record batches carry; `node:zlib` has only the other CRC-32.
 *
 * Eight bytes a step ("slicing-by-8", Kounavis and Berry 2005): a broker checks every byte that is sent to it, and byte by byte that
 * took longer than all else it does.
 */
const SLICES = 8;
const ENTRIES = 256;
const ENTRY_BYTES = 4;
const SLICE_BYTES = ENTRIES * ENTRY_BYTES;

/** `SLICES` tables one behind the other: table k tells what a byte does to the sum that k more bytes follow. */
const TABLE = new DataView(new ArrayBuffer(SLICES * SLICE_BYTES));

const lookUp = (slice: number, byte: number): number => TABLE.getInt32(slice * SLICE_BYTES + byte * ENTRY_BYTES);

const next = (crc: number): number => lookUp(0, crc & 0xff) ^ (crc >>> 8);

for (let byte = 0; byte < ENTRIES; byte += 1) {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  TABLE.setInt32(byte * ENTRY_BYTES, value);
}
for (let slice = 1; slice < SLICES; slice += 1)
  for (let byte = 0; byte < ENTRIES; byte += 1)
    TABLE.setInt32(slice * SLICE_BYTES + byte * ENTRY_BYTES, next(lookUp(slice - 1, byte)));

export const crc32c = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1;
  let at = 0;
  for (; at + SLICES <= bytes.length; at += SLICES) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc =
      lookUp(7, low & 0xff) ^
      lookUp(6, (low >>> 8) & 0xff) ^
      lookUp(5, (low >>> 16) & 0xff) ^
      lookUp(4, low >>> 24) ^
      lookUp(3, high & 0xff) ^
      lookUp(2, (high >>> 8) & 0xff) ^
      lookUp(1, (high >>> 16) & 0xff) ^
      lookUp(0, high >>> 24);
  }
  for (; at < bytes.length; at += 1) crc = next(crc ^ view.getUint8(at));
  return ~crc >>> 0;
};
