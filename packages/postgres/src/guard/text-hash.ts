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
  return h ^ (h >>> 16);
};

const ZERO = 48;
/** From behind `9` to `a`. */
const TO_LETTERS = 39;

const digit = (lane: number, shift: number): number => {
  const value = (lane >>> shift) & 15;
  return value + ZERO + (((9 - value) >> 4) & TO_LETTERS);
};

/** 16 hexadecimal digits; in half the time that `toString(16)` or a table of pairs takes. */
export const hexOf = ({ first, second }: TextHash): string => {
  const a = avalanche(first);
  const b = avalanche(second);
  return String.fromCharCode(
    digit(a, 28),
    digit(a, 24),
    digit(a, 20),
    digit(a, 16),
    digit(a, 12),
    digit(a, 8),
    digit(a, 4),
    digit(a, 0),
    digit(b, 28),
    digit(b, 24),
    digit(b, 20),
    digit(b, 16),
    digit(b, 12),
    digit(b, 8),
    digit(b, 4),
    digit(b, 0),
  );
};
