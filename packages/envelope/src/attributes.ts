import { type Static, Type } from 'typebox';

import { isDateTime } from './formats.ts';

/** The CloudEvents attributes of an event, as a reader sees them. */
export const EventAttributes = Type.Object(
  {
    id: Type.String({
      minLength: 1,
      description: 'Identity of the event together with source; a UUIDv7 unless the writer chose one.',
    }),
    source: Type.String({ minLength: 1, description: 'URI reference of the service that wrote the event.' }),
    type: Type.String({ minLength: 1, description: 'Wire type, with the major version of the data.' }),
    time: Type.Optional(Type.String({ format: 'date-time', description: 'When the event was made, as written.' })),
    subject: Type.Optional(
      Type.String({ description: 'What the event is about; the key unless the definition says otherwise.' }),
    ),
    dataschema: Type.Optional(Type.String({ description: 'URI of the schema of the data.' })),
    datacontenttype: Type.Optional(Type.String({ description: 'Media type of the data.' })),
    partitionkey: Type.Optional(Type.String({ description: 'The key that orders the event.' })),
    correlationid: Type.Optional(Type.String({ description: 'Shared by all events of one business process.' })),
    causationid: Type.Optional(Type.String({ description: 'Id of the event whose handling made this one.' })),
    traceparent: Type.Optional(Type.String({ description: 'W3C trace context in which the event was made.' })),
    tracestate: Type.Optional(Type.String({ description: 'Vendor part of the trace context.' })),
  },
  { $id: 'urn:busbar:model:event-attributes:1', description: 'CloudEvents 1.0 attributes of an event.' },
);
export type EventAttributes = Static<typeof EventAttributes>;

/** The only version of the CloudEvents specification that is written and read. */
export const SPECVERSION = '1.0';

/** Bytes (UTF-8) and counts that attributes must not exceed when written. */
export const ATTRIBUTE_LIMITS = Object.freeze({
  idBytes: 128,
  sourceBytes: 512,
  typeBytes: 255,
  keyBytes: 512,
  attributeBytes: 4_096,
  extensions: 32,
});

/** Attributes with a place of their own: no extension may take their names. */
export const CORE_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(EventAttributes.properties),
  'specversion',
  'data',
  'data_base64',
]);

/** Whether CloudEvents allows the name for an attribute that is read: a-z and 0-9, and not `data`. */
export function isAttributeName(name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index);
    const isLetterOrDigit = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
    if (!isLetterOrDigit) return false;
  }
  return name !== '' && name !== 'data';
}

/** Code points that CloudEvents forbids in strings besides control characters and lone surrogates. */
const isNoncharacter = (code: number): boolean => (code & 0xff_fe) === 0xff_fe || (code >= 0xfd_d0 && code <= 0xfd_ef);

const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code <= 0x9f);

/**
 * What keeps a text from being a CloudEvents String: a control character, a lone surrogate or a noncharacter.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system
 */
export function stringFault(text: string): string | undefined {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x20 && code < 0x7f) continue;
    if (isControl(code)) return 'must not contain control characters';
    if (code < 0xd8_00) continue;
    const point = text.codePointAt(index) ?? code;
    if (point >= 0xd8_00 && point <= 0xdf_ff) return 'must not contain lone surrogates';
    if (isNoncharacter(point)) return 'must not contain Unicode noncharacters';
    if (point > 0xff_ff) index += 1;
  }
  return undefined;
}

/** What keeps a text from being written as an attribute of at most `limitBytes`. */
export function attributeFault(text: unknown, limitBytes: number): string | undefined {
  if (typeof text !== 'string') return 'must be a string';
  if (text === '') return 'must not be empty';
  if (text.length * 3 > limitBytes && Buffer.byteLength(text) > limitBytes)
    return `must have at most ${limitBytes} bytes`;
  return stringFault(text);
}

/** Characters that no URI reference contains unescaped. */
const NOT_IN_URI = /[\s"<>\\^`{|}]/;

/** What keeps a text from being a URI reference, as far as a reader can tell without refusing what foreign writers send. */
export const uriFault = (text: string): string | undefined =>
  NOT_IN_URI.test(text) ? 'must be a URI reference' : undefined;

/** Whether a number is a CloudEvents Integer: 32 bit, signed. */
export const isAttributeInteger = (value: number): boolean => Number.isInteger(value) && value === (value | 0);

/** What is wrong with a received attribute, or undefined. */
export function receivedFault(name: string, text: string): string | undefined {
  const fault = stringFault(text);
  if (fault !== undefined) return fault;
  switch (name) {
    case 'id':
    case 'type':
      return text === '' ? 'must not be empty' : undefined;
    case 'source':
      return text === '' ? 'must not be empty' : uriFault(text);
    case 'dataschema':
      return text.includes(':') ? uriFault(text) : 'must be a URI';
    case 'time':
      return isDateTime(text) ? undefined : 'must be a date-time of RFC 3339';
    default:
      return undefined;
  }
}
