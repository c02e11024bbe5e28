/**
 * A one-dimensional array in PostgreSQL's binary format (`array_recv`), the one in which bytes are sent as they are: no hexadecimal digits, no escapes.
 *
 *   number of dimensions, has-null flag, OID of the elements' type, length, lower bound 1, then for each element its length and its bytes; -1 = NULL
 *
 * All numbers are 32-bit, big-endian. Only for types whose binary format is their bytes themselves.
 */
import type { WireValue } from './pool-port.ts';

/** Types whose binary format is bytes as they are, or text in UTF-8. */
export const ARRAY_ELEMENT_OID = { bytea: 17, text: 25 } as const;

const INT_BYTES = 4;
const HEADER_INTS = 5;
const NULL_LENGTH = -1;

const bytesOf = (element: WireValue): number => {
  if (element === null) return 0;
  return typeof element === 'string' ? Buffer.byteLength(element) : element.length;
};

/** Text of no surrogate pair becomes U+FFFD, as in every parameter. */
export const encodeArray = (elements: readonly WireValue[], type: keyof typeof ARRAY_ELEMENT_OID): Buffer => {
  const lengths = elements.map((element) => bytesOf(element));
  const bytes = lengths.reduce((sum, length) => sum + INT_BYTES + length, HEADER_INTS * INT_BYTES);
  const buffer = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const head of [1, Number(elements.includes(null)), ARRAY_ELEMENT_OID[type], elements.length, 1])
    at = buffer.writeInt32BE(head, at);
  for (const [index, element] of elements.entries()) {
    const length = lengths[index] ?? 0;
    at = buffer.writeInt32BE(element === null ? NULL_LENGTH : length, at);
    if (typeof element === 'string') buffer.write(element, at);
    else if (element !== null) element.copy(buffer, at);
    at += length;
  }
  return buffer;
};
