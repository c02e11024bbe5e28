/**
 * A one-dimensional array in PostgreSQL's binary format (`array_recv`), the one in which bytes are sent as they are: no hexadecimal digits, no escapes.
 *
 *   number of dimensions, has-null flag, OID of the elements' type, length, lower bound 1, then for each element its length and its bytes; -1 = NULL
 *
 * All numbers are 32-bit, big-endian. Only for types whose binary format is their bytes themselves.
 */
import type { WireValue } from './pool-port.ts';

/** Types whose binary format is bytes as they are, or text in UTF-8. */
const ARRAY_ELEMENT_OID = { bytea: 17, text: 25 } as const;

const INT_BYTES = 4;
const HEADER_INTS = 5;
const NULL_LENGTH = -1;

const bytesOf = (element: WireValue): number => {
  if (element === null) return 0;
  return typeof element === 'string' ? Buffer.byteLength(element) : element.length;
};

/** Half a surrogate pair becomes U+FFFD, as in every parameter. */
export const encodeArray = (elements: readonly WireValue[], type: keyof typeof ARRAY_ELEMENT_OID): Buffer => {
  const bytes = elements.reduce((sum, element) => sum + INT_BYTES + bytesOf(element), HEADER_INTS * INT_BYTES);
  const buffer = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const head of [1, Number(elements.includes(null)), ARRAY_ELEMENT_OID[type], elements.length, 1])
    at = buffer.writeInt32BE(head, at);
  for (const element of elements) {
    const from = at + INT_BYTES;
    if (element === null) at = buffer.writeInt32BE(NULL_LENGTH, at);
    else {
      const length = typeof element === 'string' ? buffer.write(element, from) : element.copy(buffer, from);
      buffer.writeInt32BE(length, at);
      at = from + length;
    }
  }
  return buffer;
};
