import { SPECVERSION } from './attributes.ts';
import { isJson, parseContentType } from './content-type.ts';
import { DecodedEvent } from './decoded-event.ts';
import type { EventCatalog, WireEvent } from './event-catalog.ts';
import type { Issue } from './issue.ts';
import { locateJsonFault } from './json-position.ts';
/*
 * A Kafka record into an event (rules D1, D2). Never throws, whatever the record; the first stage that fails decides the
 * one code, with all issues of that stage. Order of the stages:
 *
 *   null value → tombstone, or no CloudEvent · size · mode · content type and JSON of the structured document ·
 *   specversion · type · version · attributes · content type, UTF-8 and JSON of the data · data against the reader's schema
 */
import {
  byteLengthOf,
  type HeaderBytes,
  isValidUtf8,
  type ReceivedAttributes,
  ReceivedHeaders,
  textOf,
} from './received-headers.ts';
import type { ReceivedHeaderSet } from './received-headers.ts';
import { readStructured, structuredAttributes } from './structured-codec.ts';

/** Why a record is no event of this registry; what a consumer should do is in the README. */
export type DecodeCode =
  | 'NOT_CLOUDEVENT'
  | 'UNSUPPORTED_SPECVERSION'
  | 'ATTRIBUTE_MISSING'
  | 'ATTRIBUTE_INVALID'
  | 'UNKNOWN_TYPE'
  | 'UNSUPPORTED_VERSION'
  | 'UNSUPPORTED_CONTENT_TYPE'
  | 'MALFORMED_DATA'
  | 'DATA_INVALID'
  | 'TOO_LARGE';

/** What of a consumed record is read; fits the messages of kafkajs and @platformatic/kafka. */
export interface KafkaRecordLike {
  readonly value: HeaderBytes | null;
  readonly key?: HeaderBytes | null | undefined;
  readonly topic?: string;
  readonly headers?: ReceivedHeaderSet | undefined;
}

/** What a record turned out to be. */
export type DecodeResult<E> =
  | { readonly ok: true; readonly kind: 'event'; readonly event: E }
  | {
      readonly ok: true;
      readonly kind: 'tombstone';
      readonly key: string | null;
      readonly attributes: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly code: DecodeCode; readonly issues: readonly Issue[]; readonly raw: KafkaRecordLike };

/** A failed stage, before the record is added to it. */
class Failure {
  readonly code: DecodeCode;
  readonly issues: readonly Issue[];
  /** The registered name, as soon as it is known; for statistics. */
  readonly name: string | undefined;

  constructor(code: DecodeCode, issues: readonly Issue[] | string, name?: string) {
    this.code = code;
    this.issues = typeof issues === 'string' ? [{ path: '', message: issues }] : issues;
    this.name = name;
  }
}

/** A decoded record with what statistics and channels want to know of it. */
export interface Decoded {
  readonly result: DecodeResult<DecodedEvent>;
  /** Registered name; undefined for tombstones and for records without a registered type. */
  readonly name: string | undefined;
}

/** Makes the decoder of a catalog. */
export function createDecoder(catalog: EventCatalog, maxDecodeBytes: number): (record: KafkaRecordLike) => Decoded {
  const stages = new Stages(catalog, maxDecodeBytes);
  return (record) => {
    const outcome = withoutThrow(() => stages.decode(record));
    if (!(outcome instanceof Failure))
      return { result: outcome, name: outcome.ok && outcome.kind === 'event' ? outcome.event.name : undefined };
    return { result: { ok: false, code: outcome.code, issues: outcome.issues, raw: record }, name: outcome.name };
  };
}

function withoutThrow<T>(stage: () => T): T | Failure {
  try {
    return stage();
  } catch {
    // The record itself threw: a getter or a proxy. What it threw is foreign and may quote data.
    return new Failure('NOT_CLOUDEVENT', 'the record could not be read');
  }
}

type Success = Extract<DecodeResult<DecodedEvent>, { ok: true }>;

/** An event whose type and attributes are in order. */
interface Recognized {
  readonly event: WireEvent;
  readonly attributes: ReceivedAttributes;
}

const STRUCTURED = /^application\/cloudevents/i;

const isEncoded = (headers: ReceivedHeaders): boolean =>
  (headers.header('content-encoding') ?? 'identity').toLowerCase() !== 'identity';

class Stages {
  readonly #catalog: EventCatalog;
  readonly #maxDecodeBytes: number;

  constructor(catalog: EventCatalog, maxDecodeBytes: number) {
    this.#catalog = catalog;
    this.#maxDecodeBytes = maxDecodeBytes;
  }

  decode(record: KafkaRecordLike): Success | Failure {
    const { value, key } = record;
    const headers = new ReceivedHeaders(record.headers);
    if (value === null || value === undefined) return tombstone(key, headers);
    const valueBytes = byteLengthOf(value);
    if (valueBytes > this.#maxDecodeBytes) {
      return new Failure(
        'TOO_LARGE',
        `the value has ${valueBytes} bytes, more than the limit of ${this.#maxDecodeBytes}`,
      );
    }
    const isStructured = STRUCTURED.test(headers.header('content-type') ?? '');
    if (!isStructured && headers.get('specversion') === undefined) {
      return new Failure('NOT_CLOUDEVENT', 'has no ce_specversion and no structured content type');
    }
    if (isEncoded(headers)) return new Failure('UNSUPPORTED_CONTENT_TYPE', 'has a content-encoding');
    const bytes = valueBytes + byteLengthOf(key ?? '') + headers.bytes;
    return isStructured ? this.#structured(value, headers, bytes) : this.#binary(value, headers, bytes);
  }

  #binary(value: HeaderBytes, headers: ReceivedHeaders, bytes: number): Success | Failure {
    const recognized = this.#recognize(headers, () => headers.faults());
    if (recognized instanceof Failure) return recognized;
    const { name } = recognized.event;
    const contentType = parseContentType(headers.get('datacontenttype') ?? 'application/json');
    if (!isJson(contentType)) return new Failure('UNSUPPORTED_CONTENT_TYPE', 'the data is no JSON in UTF-8', name);
    const parsed = parseJson(value, name);
    return parsed instanceof Failure ? parsed : finish(recognized, parsed.value, bytes);
  }

  #structured(value: HeaderBytes, headers: ReceivedHeaders, bytes: number): Success | Failure {
    const { mediaType, isUtf8 } = parseContentType(headers.header('content-type') ?? '');
    if (mediaType !== 'application/cloudevents+json' || !isUtf8)
      return new Failure('UNSUPPORTED_CONTENT_TYPE', 'the event is no JSON in UTF-8');
    const parsed = parseJson(value);
    if (parsed instanceof Failure) return parsed;
    const document = readStructured(parsed.value);
    if (document === undefined)
      return new Failure(
        'MALFORMED_DATA',
        'the value is no CloudEvents document with at most one of data and data_base64',
      );
    const attributes = structuredAttributes(document, headers);
    const recognized = this.#recognize(attributes, () => attributes.faults());
    if (recognized instanceof Failure) return recognized;
    const { name } = recognized.event;
    const contentType = parseContentType(attributes.get('datacontenttype') ?? 'application/json');
    if (!isJson(contentType)) return new Failure('UNSUPPORTED_CONTENT_TYPE', 'the data is no JSON in UTF-8', name);
    if (document.data === undefined) return new Failure('DATA_INVALID', 'the event has no data', name);
    if (document.data.kind === 'json') return finish(recognized, document.data.value, bytes);
    const decoded = parseJson(Buffer.from(document.data.text, 'base64'), name);
    return decoded instanceof Failure ? decoded : finish(recognized, decoded.value, bytes);
  }

  /** Specversion, type, version, then all attributes. */
  #recognize(attributes: ReceivedAttributes, faults: () => readonly Issue[]): Recognized | Failure {
    if (attributes.get('specversion') !== SPECVERSION)
      return new Failure('UNSUPPORTED_SPECVERSION', `specversion is not ${SPECVERSION}`);
    const type = attributes.get('type');
    if (type === undefined) return new Failure('ATTRIBUTE_MISSING', [{ path: '/type', message: 'must be present' }]);
    const event = this.#catalog.byType(type);
    if (event === undefined) {
      const other = this.#catalog.otherMajorOf(type);
      if (other === undefined) return new Failure('UNKNOWN_TYPE', 'the type is not registered');
      return new Failure('UNSUPPORTED_VERSION', `only version ${other.definition.version} is registered`, other.name);
    }
    const missing = ['id', 'source'].filter((name) => attributes.get(name) === undefined);
    if (missing.length > 0) {
      return new Failure(
        'ATTRIBUTE_MISSING',
        missing.map((name) => ({ path: `/${name}`, message: 'must be present' })),
        event.name,
      );
    }
    const issues = faults();
    return issues.length > 0 ? new Failure('ATTRIBUTE_INVALID', issues, event.name) : { event, attributes };
  }
}

function tombstone(key: HeaderBytes | null | undefined, headers: ReceivedHeaders): Success | Failure {
  const specversion = headers.get('specversion');
  if (specversion === undefined) return new Failure('NOT_CLOUDEVENT', 'has neither a value nor ce_specversion');
  if (specversion !== SPECVERSION) return new Failure('UNSUPPORTED_SPECVERSION', `specversion is not ${SPECVERSION}`);
  const issues = headers.faults();
  if (issues.length > 0) return new Failure('ATTRIBUTE_INVALID', issues);
  const attributes = Object.fromEntries(headers.names().map((name) => [name, headers.get(name) ?? '']));
  const keyText = key === null || key === undefined || !isValidUtf8(key) ? null : textOf(key);
  return { ok: true, kind: 'tombstone', key: keyText, attributes };
}

/** Text that is JSON, in an object so that a failure cannot be taken for a value. */
function parseJson(bytes: HeaderBytes, name?: string): { readonly value: unknown } | Failure {
  if (!isValidUtf8(bytes)) return new Failure('MALFORMED_DATA', 'the value is no UTF-8', name);
  const text = textOf(bytes);
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    // The engine's message quotes the text, so the fault is located anew.
    const fault = locateJsonFault(text);
    return new Failure('MALFORMED_DATA', fault === undefined ? 'the value is no JSON' : [fault], name);
  }
}

function finish({ event, attributes }: Recognized, data: unknown, bytes: number): Success | Failure {
  const checked = event.checks.read(data);
  if (!checked.ok) return new Failure('DATA_INVALID', checked.issues, event.name);
  const { name, definition } = event;
  return {
    ok: true,
    kind: 'event',
    event: new DecodedEvent({ name, definition, attributes, data: checked.value, bytes }),
  };
}
