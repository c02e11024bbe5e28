// Definitions
export { type AnyEventDefinition, defineEvent, type EventDefinition, type EventMap } from './define-event.ts';
export { defineEvents, type EventRegistry } from './registry.ts';
export type { DataOf, EventSchema, StandardIssue, StandardResult, StandardSchemaV1 } from './event-schema.ts';

// Codec
export { createEventCodec, type EventCodec } from './codec.ts';
export { CODEC_DEFAULTS, CODEC_LIMITS, type CodecOptions, type EventMode } from './options.ts';
export type { EncodedEvent } from './encode.ts';
export type { EncodeOptions, TombstoneOptions } from './encode-options.ts';
export type { DecodeCode, DecodeResult, KafkaRecordLike } from './decode.ts';
export type { HeaderBytes, HeaderValue, ReceivedHeaderSet } from './received-headers.ts';
export type { AnyEvent, BusEvent, EventOf } from './decoded-event.ts';
export type { ExtensionType, ExtensionValue } from './extensions.ts';
export type { Issue } from './issue.ts';
export type { EnvelopeStats, EventStats } from './stats.ts';

// Attributes, ids, context
export { EventAttributes } from './attributes.ts';
export { createIdGenerator, type IdGeneratorOptions } from './id.ts';
export { currentEventContext, type EventContext, runWithEvent } from './event-context.ts';
export { parseTraceparent, type TraceCarrier, type TraceContext } from './trace-context.ts';

// Errors
export {
  AsyncSchemaError,
  AttributeInvalidError,
  DataInvalidError,
  EnvelopeError,
  type EventErrorCode,
  EventOptionsError,
  EventTooLargeError,
  KeyMissingError,
  NotSerializableError,
  RegistryInvalidError,
  UnknownEventError,
} from './errors.ts';

// Diagnostics channels
export type { CodecCreated, EventDecoded, EventEncoded, EventInvalid, EventOversize } from './diagnostics.ts';
