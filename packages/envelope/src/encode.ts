/*
 * One event into one Kafka record (rules C1, C6). Order: attributes that the caller supplied → data against the writer's
 * schema → key and subject → JSON → record → size. The first stage that fails names all its issues, and nothing was sent.
 */
import { binaryHeaders, type OutgoingEvent, type RecordHeaders } from './binary-codec.ts';
import type { EncodeOptions, TombstoneOptions } from './encode-options.ts';
import {
  AsyncSchemaError,
  AttributeInvalidError,
  DataInvalidError,
  EventTooLargeError,
  KeyMissingError,
  NotSerializableError,
} from './errors.ts';
import type { WireEvent } from './event-catalog.ts';
import type { ResolvedCodecOptions } from './options.ts';
import { AttributeMaker, computedAttribute } from './outgoing-attributes.ts';
import { firstDifference } from './round-trip.ts';
import { structuredRecord } from './structured-codec.ts';
import { utf8Length } from './utf8-length.ts';

/** One Kafka record. Fits `OutboxRecord` of `@busbar/outbox`. */
export interface EncodedEvent {
  readonly id: string;
  readonly topic: string;
  /** null: unordered. */
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** null: tombstone. */
  readonly value: string | null;
  /** UTF-8 bytes of value, key, header names and header values. */
  readonly bytes: number;
  readonly name: string;
  readonly type: string;
}

/** Makes the records of one codec. */
export class Encoder {
  readonly #options: ResolvedCodecOptions;
  readonly #attributes: AttributeMaker;

  /** `onContextFailure` is called when the codec's `context` threw or gave something unusable. */
  constructor(options: ResolvedCodecOptions, onContextFailure: () => void) {
    this.#options = options;
    this.#attributes = new AttributeMaker(options, onContextFailure);
  }

  event(event: WireEvent, data: unknown, o: EncodeOptions): EncodedEvent {
    const attributes = this.#attributes.make(event, o);
    const value = validData(event, data);
    const partitionkey = o.key ?? keyOf(event, value);
    const subject = o.subject ?? subjectOf(event, value, partitionkey);
    const text = jsonOf(event, value, this.#options.checkRoundTrip);
    const { id, source, type, time, extensions, trace } = attributes;
    const { dataschema } = event;
    const outgoing: OutgoingEvent = { id, source, type, time, subject, dataschema, partitionkey, extensions, trace };
    const isStructured = (o.mode ?? this.#options.mode) === 'structured';
    const record = isStructured
      ? structuredRecord(outgoing, text)
      : { headers: binaryHeaders(outgoing, true), value: text };
    return this.#limited(event, outgoing, record);
  }

  tombstone(event: WireEvent, key: string, o: TombstoneOptions): EncodedEvent {
    const attributes = this.#attributes.make(event, { ...o, key });
    const outgoing: OutgoingEvent = {
      ...attributes,
      subject: o.subject ?? key,
      dataschema: undefined,
      partitionkey: key,
    };
    return this.#limited(event, outgoing, { headers: binaryHeaders(outgoing, false), value: null });
  }

  #limited(event: WireEvent, outgoing: OutgoingEvent, record: Pick<EncodedEvent, 'headers' | 'value'>): EncodedEvent {
    const { headers, value } = record;
    const { id, partitionkey: key, type } = outgoing;
    const bytes = recordBytes(value, key, headers);
    const limitBytes = this.#options.maxBytes;
    if (bytes > limitBytes) throw new EventTooLargeError({ event: event.name, bytes, limitBytes });
    return { id, topic: event.definition.topic, key, headers, value, bytes, name: event.name, type };
  }
}

/** Bytes that a record takes up, as far as the event decides them; both sides count in the same way. */
function recordBytes(value: string | null, key: string | null, headers: RecordHeaders): number {
  let bytes = utf8Length(value ?? '') + utf8Length(key ?? '');
  for (const name in headers) bytes += name.length + utf8Length(headers[name] ?? '');
  return bytes;
}

function validData(event: WireEvent, data: unknown): unknown {
  const result = event.checks.write(data);
  if (result.ok) return result.value;
  if (result.isAsync) throw new AsyncSchemaError({ event: event.name });
  throw new DataInvalidError({ event: event.name, issues: result.issues }, causeOf(result));
}

const causeOf = (result: { readonly cause?: unknown }): { readonly cause?: unknown } =>
  result.cause === undefined ? {} : { cause: result.cause };

/** A definition's function of data that its own schema accepted. */
type DataFunction = (data: unknown) => unknown;
const isDataFunction = (value: unknown): value is DataFunction => typeof value === 'function';

function keyOf(event: WireEvent, data: unknown): string | null {
  const { key } = event.definition;
  if (!isDataFunction(key)) return null;
  let value: unknown;
  try {
    value = key(data);
  } catch (cause) {
    throw new KeyMissingError({ event: event.name, reason: 'threw' }, { cause });
  }
  if (typeof value !== 'string' || value === '') throw new KeyMissingError({ event: event.name, reason: 'empty' });
  return computedAttribute(event, 'key', value);
}

function subjectOf(event: WireEvent, data: unknown, key: string | null): string | undefined {
  const { subject } = event.definition;
  if (!isDataFunction(subject)) return key ?? undefined;
  let value: unknown;
  try {
    value = subject(data);
  } catch (cause) {
    const issues = [{ path: '/subject', message: 'could not be computed: the function of the definition threw' }];
    throw new AttributeInvalidError({ event: event.name, issues }, { cause });
  }
  return computedAttribute(event, 'subject', value);
}

function jsonOf(event: WireEvent, data: unknown, checkRoundTrip: boolean): string {
  let text: string | undefined;
  let difference: string | undefined;
  try {
    text = JSON.stringify(data);
    if (checkRoundTrip && text !== undefined) difference = firstDifference(data, JSON.parse(text));
  } catch (cause) {
    throw new NotSerializableError({ event: event.name, reason: 'stringify-failed' }, { cause });
  }
  if (text === undefined) throw new NotSerializableError({ event: event.name, reason: 'no-json' });
  if (difference !== undefined)
    throw new NotSerializableError({ event: event.name, reason: 'changed-by-json', path: difference });
  return text;
}
