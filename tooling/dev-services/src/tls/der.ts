/** DER, as far as X.509 certificates need it: pure functions from values to bytes. ITU-T X.690. */

const CONTEXT = 0xa0;
const CONTEXT_PRIMITIVE = 0x80;
const SHORT_LENGTH = 0x80;

const lengthOf = (length: number): Buffer => {
  if (length < SHORT_LENGTH) return Buffer.from([length]);
  const digits = length.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.from([SHORT_LENGTH | bytes.length, ...bytes]);
};

const value = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
};

export const sequence = (...parts: readonly Buffer[]): Buffer => value(0x30, ...parts);
export const set = (...parts: readonly Buffer[]): Buffer => value(0x31, ...parts);
/** `[n]` around complete values. */
export const explicit = (n: number, ...parts: readonly Buffer[]): Buffer => value(CONTEXT | n, ...parts);
/** `[n]` in place of the tag of a primitive value. */
export const implicit = (n: number, body: Buffer): Buffer => value(CONTEXT_PRIMITIVE | n, body);
export const boolean = (on: boolean): Buffer => value(0x01, Buffer.from([on ? 0xff : 0]));
/** A positive number by its bytes, most significant first. */
export const integer = (bytes: Buffer): Buffer =>
  value(0x02, (bytes[0] ?? 0) < SHORT_LENGTH ? bytes : Buffer.concat([Buffer.from([0]), bytes]));
/** Whole bytes. */
export const bitString = (bytes: Buffer): Buffer => value(0x03, Buffer.from([0]), bytes);
export const octetString = (bytes: Buffer): Buffer => value(0x04, bytes);
export const utf8String = (text: string): Buffer => value(0x0c, Buffer.from(text));

const base128 = (part: number): readonly number[] => {
  const digits = [part & 0x7f];
  for (let rest = part >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
};

/** `1.2.840.10045.4.3.2` */
export const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return value(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
};

/** Up to the second; years 1950 to 2049. */
export const utcTime = (atMs: number): Buffer => {
  const digits = new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return value(0x17, Buffer.from(digits.slice(2)));
};
