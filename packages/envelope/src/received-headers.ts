import { isUtf8 } from 'node:buffer';

import { isAttributeName, receivedFault } from './attributes.ts';
import { HEADER_OF, PREFIX } from './binary-codec.ts';
import { type Issue, pointerStep } from './issue.ts';
import { utf8Length } from './utf8-length.ts';

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
  typeof bytes === 'string' ? utf8Length(bytes) : bytes.length;

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const isHeaderBytes = (value: unknown): value is HeaderBytes =>
  typeof value === 'string' || value instanceof Uint8Array;

/** The headers of one record, whatever client received it; names in any case. Values stay bytes until they are read. */
export class ReceivedHeaders implements ReceivedAttributes {
  readonly #names: string[] = [];
  readonly #values: HeaderBytes[] = [];
  #bytes = 0;

  constructor(headers: ReceivedHeaderSet | undefined) {
    if (headers === undefined) return;
    if (headers instanceof Map) for (const [name, value] of headers) this.#add(name, value);
    else for (const name of Object.keys(headers)) this.#add(name, Reflect.get(headers, name));
  }

  #add(name: unknown, value: unknown): void {
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (!isHeaderBytes(name) || !isHeaderBytes(first)) return;
    const text = textOf(name);
    this.#names.push(text.toLowerCase());
    this.#values.push(first);
    this.#bytes += utf8Length(text) + byteLengthOf(first);
  }

  /** Bytes of all names and values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A header by its lower-case name. A record has a dozen: a search is cheaper than a map. */
  header(name: string): string | undefined {
    const index = this.#names.indexOf(name);
    const value = this.#values[index];
    if (value === undefined || typeof value === 'string') return value;
    const text = textOf(value);
    if (!text.includes('\uFFFD')) this.#values[index] = text; // else it may be no UTF-8, which `faults` must still see
    return text;
  }

  get(name: string): string | undefined {
    const own = this.header(HEADER_OF.get(name) ?? PREFIX + name);
    if (name === 'datacontenttype') return this.header('content-type') ?? own;
    return own ?? (name === 'traceparent' || name === 'tracestate' ? this.header(name) : undefined);
  }

  names(): readonly string[] {
    const attributes = this.#names.filter((name) => name.startsWith(PREFIX) && name !== 'ce_specversion');
    return attributes.map((name) => name.slice(PREFIX.length));
  }

  /** What is wrong with the attributes, all at once. */
  faults(): readonly Issue[] {
    const issues: Issue[] = [];
    for (let index = 0; index < this.#names.length; index += 1) {
      const name = this.#names[index] ?? '';
      const message = name.startsWith(PREFIX)
        ? headerFault(name.slice(PREFIX.length), this.#values[index] ?? '')
        : undefined;
      if (message !== undefined) issues.push({ path: pointerStep(name), message });
    }
    return issues;
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
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte < 0x20 || byte >= 0x7f) return false;
  }
  return true;
}
