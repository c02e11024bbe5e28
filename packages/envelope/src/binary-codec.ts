/*
 * CloudEvents Kafka protocol binding, binary mode: the value is the data, every attribute is a header.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
import { CORE_NAMES, SPECVERSION } from './attributes.ts';
import type { ExtensionEntry } from './extensions.ts';
import type { TraceCarrier } from './trace-context.ts';

/** An event whose attributes are decided and checked. */
export interface OutgoingEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject: string | undefined;
  /** Absent from a tombstone, which has no data. */
  readonly dataschema: string | undefined;
  readonly partitionkey: string | null;
  readonly extensions: readonly ExtensionEntry[];
  readonly trace: TraceCarrier;
}

export type RecordHeaders = Readonly<Record<string, string>>;

/** What a writer says of JSON data. */
export const JSON_CONTENT_TYPE = 'application/json';

/** What marks a header as an attribute. */
export const PREFIX = 'ce_';

/** Header names of the known attributes, made once: a name that is put together anew is slow to look up. */
export const HEADER_OF: ReadonlyMap<string, string> = new Map([...CORE_NAMES].map((name) => [name, PREFIX + name]));

/** The headers of an event, in fixed order: same event, same bytes. Without data (a tombstone) there is no content type. */
export function binaryHeaders(event: OutgoingEvent, hasData: boolean): RecordHeaders {
  const headers: Record<string, string> = hasData ? { 'content-type': JSON_CONTENT_TYPE } : {};
  headers['ce_specversion'] = SPECVERSION;
  headers['ce_id'] = event.id;
  headers['ce_source'] = event.source;
  headers['ce_type'] = event.type;
  headers['ce_time'] = event.time;
  if (event.subject !== undefined) headers['ce_subject'] = event.subject;
  if (event.dataschema !== undefined) headers['ce_dataschema'] = event.dataschema;
  if (event.partitionkey !== null) headers['ce_partitionkey'] = event.partitionkey;
  for (const [name, value] of event.extensions) headers[HEADER_OF.get(name) ?? PREFIX + name] = String(value);
  return addTrace(headers, event.trace);
}

/** The hop headers, which stay plain in both modes. */
export function addTrace(headers: Record<string, string>, trace: TraceCarrier): RecordHeaders {
  if (trace.traceparent !== undefined) headers['traceparent'] = trace.traceparent;
  if (trace.tracestate !== undefined) headers['tracestate'] = trace.tracestate;
  return headers;
}
