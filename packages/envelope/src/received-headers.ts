import { isUtf8 } from 'node:buffer';

import { isAttributeName, receivedFault } from './attributes.ts';
import { type Issue, pointerStep } from './issue.ts';

/** Text, or its UTF-8 bytes. */
export type HeaderBytes = string | Uint8Array;
/** A header as clients give it; kafkajs gives a list for a repeated one, of which the first counts. */
export type HeaderValue = HeaderBytes | readonly HeaderBytes[] | null | undefined;
export type ReceivedHeaderSet = Readonly<Record<string, HeaderValue>> | ReadonlyMap<HeaderBytes, HeaderBytes>;

/** The attributes of a received event, read when asked for. */
export interface ReceivedAttributes {
  get(name: string): string | undefined;
  /** Every attribute of the event, without `specversion`. */
  names(): readonly string[];
}

/** Attributes that are checked beyond being a string. */
const CHECKED: ReadonlySet<string> = new Set(['id', 'source', 'type', 'time', 'dataschema']);

/** The text of UTF-8 bytes; what is no UTF-8 becomes U+FFFD, so that {@link isValidUtf8} must be asked first where it matters. */
export function textOf(bytes: HeaderBytes): string {
  return typeof bytes === 'string' ? bytes : asBuffer(bytes).toString('utf8');
}

export const isValidUtf8 = (bytes: HeaderBytes): boolean => typeof bytes === 'string' || isUtf8(bytes);

export const byteLengthOf = (bytes: HeaderBytes): number =>
  typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const isHeaderBytes = (value: unknown): value is HeaderBytes =>
  typeof value === 'string' || value instanceof Uint8Array;

const UPPER_CASE = /[A-Z]/;

/** The headers of one record, whatever client received it; names in any case. Values stay bytes until they are read. */
export class ReceivedHeaders implements ReceivedAttributes {
  readonly #names: string[] = [];
  readonly #values: HeaderBytes[] = [];
  #bytes = 0;

  constructor(headers: ReceivedHeaderSet | undefined) {
    if (headers === undefined) return;
    if (headers instanceof Map) for (const [name, value] of headers) this.#add(name, value);
    else for (const [name, value] of Object.entries(headers)) this.#add(name, value);
  }

  #add(name: unknown, value: unknown): void {
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (!isHeaderBytes(name) || !isHeaderBytes(first)) return;
    const text = textOf(name);
    this.#names.push(UPPER_CASE.test(text) ? text.toLowerCase() : text);
    this.#values.push(first);
    this.#bytes += byteLengthOf(name) + byteLengthOf(first);
  }

  /** Bytes of all names and values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A header by its lower-case name. A record has a dozen: a search is cheaper than a map. */
  header(name: string): string | undefined {
    const value = this.#values[this.#names.indexOf(name)];
    return value === undefined ? undefined : textOf(value);
  }

  get(name: string): string | undefined {
    const own = this.header(`ce_${name}`);
    if (name === 'datacontenttype') return this.header('content-type') ?? own;
    return own ?? (name === 'traceparent' || name === 'tracestate' ? this.header(name) : undefined);
  }

  names(): readonly string[] {
    return this.#attributeNames().filter((name) => name !== 'specversion');
  }

  #attributeNames(): readonly string[] {
    return this.#names.flatMap((name) => (name.startsWith('ce_') ? [name.slice(3)] : []));
  }

  /** What is wrong with the attributes, all at once. */
  faults(): readonly Issue[] {
    return this.#names.flatMap((name, index) => {
      const value = this.#values[index];
      const fault = name.startsWith('ce_') && value !== undefined ? headerFault(name.slice(3), value) : undefined;
      return fault === undefined ? [] : [{ path: pointerStep(name), message: fault }];
    });
  }
}

function headerFault(name: string, value: HeaderBytes): string | undefined {
  if (!isAttributeName(name)) return 'is no attribute name: a-z and 0-9 only';
  if (typeof value !== 'string') {
    if (!CHECKED.has(name) && isPrintableAscii(value)) return undefined;
    if (!isUtf8(value)) return 'must be UTF-8';
  }
  return receivedFault(name, textOf(value));
}

/** The common case, decided without making a string. */
function isPrintableAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte < 0x20 || byte >= 0x7f) return false;
  return true;
}
