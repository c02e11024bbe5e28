/*
 * CloudEvents JSON event format in a Kafka record, structured mode: one document holds attributes and data.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
import { isAttributeName, receivedFault, SPECVERSION } from './attributes.ts';
import { addTrace, JSON_CONTENT_TYPE, type OutgoingEvent, type RecordHeaders } from './binary-codec.ts';
import { type Issue, pointerOf } from './issue.ts';
import { isJsonObject } from './json-object.ts';
import type { ReceivedAttributes } from './received-headers.ts';

const CONTENT_TYPE = 'application/cloudevents+json; charset=UTF-8';

/** The record of an event; `dataText` is its data as JSON and is not written a second time. */
export function structuredRecord(
  event: OutgoingEvent,
  dataText: string,
): { readonly headers: RecordHeaders; readonly value: string } {
  const attributes = {
    specversion: SPECVERSION,
    id: event.id,
    source: event.source,
    type: event.type,
    time: event.time,
    subject: event.subject,
    dataschema: event.dataschema,
    datacontenttype: JSON_CONTENT_TYPE,
    partitionkey: event.partitionkey ?? undefined,
    ...Object.fromEntries(event.extensions),
  };
  const value = `${JSON.stringify(attributes).slice(0, -1)},"data":${dataText}}`;
  return { headers: addTrace({ 'content-type': CONTENT_TYPE }, event.trace), value };
}

/** The parts of a received document. */
export interface StructuredDocument {
  /** Attributes as text; members with null count as absent. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Attributes that are neither text nor number nor boolean. */
  readonly invalid: readonly string[];
  readonly data:
    | { readonly kind: 'json'; readonly value: unknown }
    | { readonly kind: 'base64'; readonly text: string }
    | undefined;
}

/** Takes a parsed document apart; undefined when it is no object, or has data twice or in a wrong form. */
export function readStructured(document: unknown): StructuredDocument | undefined {
  if (!isJsonObject(document)) return undefined;
  const hasData = Object.hasOwn(document, 'data');
  const hasBase64 = Object.hasOwn(document, 'data_base64') && document['data_base64'] !== null;
  if (hasBase64 && (hasData || typeof document['data_base64'] !== 'string')) return undefined;
  const members = Object.entries(document).filter(
    ([name, value]) => name !== 'data' && name !== 'data_base64' && value !== null,
  );
  const [valid, invalid] = [
    members.filter(([, value]) => isScalar(value)),
    members.filter(([, value]) => !isScalar(value)),
  ];
  return {
    attributes: new Map(valid.map(([name, value]) => [name, String(value)])),
    invalid: invalid.map(([name]) => name),
    data: dataOf(document, hasData),
  };
}

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

function dataOf(document: Readonly<Record<string, unknown>>, hasData: boolean): StructuredDocument['data'] {
  if (hasData) return { kind: 'json', value: document['data'] };
  const text = document['data_base64'];
  return typeof text === 'string' ? { kind: 'base64', text } : undefined;
}

/** The attributes of a document; the trace context also from the plain headers beside it. */
export function structuredAttributes(
  document: StructuredDocument,
  headers: ReceivedAttributes,
): ReceivedAttributes & { faults(): readonly Issue[] } {
  const { attributes, invalid } = document;
  return {
    get: (name) =>
      attributes.get(name) ?? (name === 'traceparent' || name === 'tracestate' ? headers.get(name) : undefined),
    names: () => [...attributes.keys()].filter((name) => name !== 'specversion'),
    faults: () => [
      ...invalid.map((name) => ({ path: pointerOf([name]), message: 'must be a string, number or boolean' })),
      ...[...attributes].flatMap(([name, text]) => {
        const fault = isAttributeName(name) ? receivedFault(name, text) : 'is no attribute name: a-z and 0-9 only';
        return fault === undefined ? [] : [{ path: pointerOf([name]), message: fault }];
      }),
    ],
  };
}
