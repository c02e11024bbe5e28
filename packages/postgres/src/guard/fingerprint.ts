import type { PieceSink } from './normalize.ts';

const BLANK = 32;
const QUESTION_MARK = 63;
const NAME_QUOTE = 34;
/** Sets a letter of ASCII in lower case. */
const CASE_BIT = 32;
const FIRST_FACTOR = 0x01000193;
const SECOND_FACTOR = 0x9e3779b1;

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

/**
 * A hash of 64 bits over the pieces of a normalised statement. It names statements in statistics; it is not made against somebody who looks for
 * two texts with one fingerprint, so nothing is ever executed by it.
 */
export class Fingerprint implements PieceSink {
  readonly #text: string;
  #first = 0x811c9dc5;
  #second = 0x27d4eb2f;

  constructor(text: string) {
    this.#text = text;
  }

  piece({ start, end }: { readonly start: number; readonly end: number }): void {
    const text = this.#text;
    const fold = text.charCodeAt(start) === NAME_QUOTE ? 0 : CASE_BIT;
    let first = this.#first;
    let second = this.#second;
    for (let at = start; at < end; at += 1) {
      let code = text.charCodeAt(at);
      if (code >= 65 && code <= 90) code |= fold;
      first = Math.imul(first ^ code, FIRST_FACTOR);
      second = Math.imul(((second << 5) | (second >>> 27)) ^ code, SECOND_FACTOR);
    }
    this.#first = first;
    this.#second = second;
    this.#mix(BLANK);
  }

  value(): void {
    this.#mix(QUESTION_MARK);
    this.#mix(BLANK);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex(avalanche(this.#first)) + hex(avalanche(this.#second));
  }

  #mix(code: number): void {
    this.#first = Math.imul(this.#first ^ code, FIRST_FACTOR);
    this.#second = Math.imul(((this.#second << 5) | (this.#second >>> 27)) ^ code, SECOND_FACTOR);
  }
}
