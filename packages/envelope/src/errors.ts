import { brandError, BusbarError, type ErrorDetails, type ErrorInit, type ErrorSpec } from '@busbar/errors';

import { type Issue, summarize } from './issue.ts';

/** Every code that this package throws; the area of all is `EVENT`. */
export type EventErrorCode =
  | 'BUSBAR_EVENT_REGISTRY_INVALID'
  | 'BUSBAR_EVENT_OPTIONS'
  | 'BUSBAR_EVENT_UNKNOWN_EVENT'
  | 'BUSBAR_EVENT_DATA_INVALID'
  | 'BUSBAR_EVENT_ATTRIBUTE_INVALID'
  | 'BUSBAR_EVENT_KEY_MISSING'
  | 'BUSBAR_EVENT_TOO_LARGE'
  | 'BUSBAR_EVENT_NOT_SERIALIZABLE'
  | 'BUSBAR_EVENT_ASYNC_SCHEMA';

/** Base of all errors of this package: nothing was sent, and the same call would fail again. */
export abstract class EnvelopeError<
  C extends EventErrorCode = EventErrorCode,
  D extends ErrorDetails = ErrorDetails,
> extends BusbarError<C, D> {
  static {
    brandError(this, 'EnvelopeError');
  }
}

export type RegistryIssues = { readonly issues: readonly Issue[] };
export type OptionIssues = { readonly issues: readonly Issue[] };
export type UnknownEvent = { readonly event: string; readonly known: readonly string[] };
export type EventIssues = { readonly event: string; readonly issues: readonly Issue[] };
export type MissingKey = { readonly event: string; readonly reason: 'empty' | 'threw' };
export type OversizeEvent = { readonly event: string; readonly bytes: number; readonly limitBytes: number };
export type UnserializableEvent = {
  readonly event: string;
  readonly reason: 'stringify-failed' | 'no-json' | 'changed-by-json';
  readonly path?: string;
};
export type AsyncSchema = { readonly event: string };

/** Thrown by `defineEvents`: at least one definition is wrong; `details.issues` has every problem of every event. */
export class RegistryInvalidError extends EnvelopeError<'BUSBAR_EVENT_REGISTRY_INVALID', RegistryIssues> {
  static override readonly spec = {
    name: 'RegistryInvalidError',
    code: 'BUSBAR_EVENT_REGISTRY_INVALID',
    retryable: false,
    outcome: 'not-sent',
    when: 'defineEvents was given a definition with a wrong name, version, topic, key or schema.',
    remedy: 'Correct every definition that details.issues names.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: RegistryIssues, init?: ErrorInit) {
    super(`event definitions are invalid: ${summarize(details.issues)}`, details, init);
  }
}

/** Thrown by `createEventCodec`: an option is out of range; `details.issues` has every problem. */
export class EventOptionsError extends EnvelopeError<'BUSBAR_EVENT_OPTIONS', OptionIssues> {
  static override readonly spec = {
    name: 'EventOptionsError',
    code: 'BUSBAR_EVENT_OPTIONS',
    retryable: false,
    outcome: 'not-sent',
    when: 'createEventCodec was given an option that is missing or out of range.',
    remedy: 'Correct every option that details.issues names.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: OptionIssues, init?: ErrorInit) {
    super(`event codec options are invalid: ${summarize(details.issues)}`, details, init);
  }
}

/** Thrown by `encode`, `encodeTombstone` and `validate`: the registry has no event of that name. */
export class UnknownEventError extends EnvelopeError<'BUSBAR_EVENT_UNKNOWN_EVENT', UnknownEvent> {
  static override readonly spec = {
    name: 'UnknownEventError',
    code: 'BUSBAR_EVENT_UNKNOWN_EVENT',
    retryable: false,
    outcome: 'not-sent',
    when: 'An event name was used that is not in the registry.',
    remedy: 'Define the event with defineEvents, or use one of details.known.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: UnknownEvent, init?: ErrorInit) {
    super(`event "${details.event}" is not defined`, details, init);
  }
}

/** Thrown by `encode`: the data does not fit the schema. */
export class DataInvalidError extends EnvelopeError<'BUSBAR_EVENT_DATA_INVALID', EventIssues> {
  static override readonly spec = {
    name: 'DataInvalidError',
    code: 'BUSBAR_EVENT_DATA_INVALID',
    retryable: false,
    outcome: 'not-sent',
    when: 'The data of an event does not fit the schema of its definition.',
    remedy: 'Correct the data at the paths of details.issues, or change the schema under the evolution rules.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: EventIssues, init?: ErrorInit) {
    super(`data of event "${details.event}" is invalid: ${summarize(details.issues)}`, details, init);
  }
}

/** Thrown by `encode` and `encodeTombstone`: an id, key, subject, time, extension or other attribute breaks a rule or limit. */
export class AttributeInvalidError extends EnvelopeError<'BUSBAR_EVENT_ATTRIBUTE_INVALID', EventIssues> {
  static override readonly spec = {
    name: 'AttributeInvalidError',
    code: 'BUSBAR_EVENT_ATTRIBUTE_INVALID',
    retryable: false,
    outcome: 'not-sent',
    when: 'An id, key, subject, time, extension or other attribute of an event breaks a rule or limit.',
    remedy: 'Correct the attributes that details.issues names.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: EventIssues, init?: ErrorInit) {
    super(`attributes of event "${details.event}" are invalid: ${summarize(details.issues)}`, details, init);
  }
}

/** Thrown by `encode`: the key function of the definition gave no text, or threw; what it threw is the cause. */
export class KeyMissingError extends EnvelopeError<'BUSBAR_EVENT_KEY_MISSING', MissingKey> {
  static override readonly spec = {
    name: 'KeyMissingError',
    code: 'BUSBAR_EVENT_KEY_MISSING',
    retryable: false,
    outcome: 'not-sent',
    when: 'The key function of an event gave no text, or threw.',
    remedy: 'Return a non-empty string for all valid data, or say key: null where order does not matter.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: MissingKey, init?: ErrorInit) {
    super(
      `key of event "${details.event}" ${details.reason === 'threw' ? 'could not be computed' : 'is empty'}`,
      details,
      init,
    );
  }
}

/** Thrown by `encode` and `encodeTombstone`: value, key and headers together are larger than `maxBytes`. */
export class EventTooLargeError extends EnvelopeError<'BUSBAR_EVENT_TOO_LARGE', OversizeEvent> {
  static override readonly spec = {
    name: 'EventTooLargeError',
    code: 'BUSBAR_EVENT_TOO_LARGE',
    retryable: false,
    outcome: 'not-sent',
    when: 'Value, key and headers of an event together are larger than maxBytes.',
    remedy:
      'Store the payload elsewhere and send its dataref, or raise maxBytes together with the limits of the broker.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: OversizeEvent, init?: ErrorInit) {
    super(
      `event "${details.event}" has ${details.bytes} bytes, more than the limit of ${details.limitBytes}`,
      details,
      init,
    );
  }
}

const UNSERIALIZABLE = {
  'stringify-failed': 'cannot be written as JSON',
  'no-json': 'has no JSON form',
  'changed-by-json': 'does not survive JSON unchanged',
} as const;

/** Thrown by `encode`: the data cannot be written as JSON, or would not come back as it was. */
export class NotSerializableError extends EnvelopeError<'BUSBAR_EVENT_NOT_SERIALIZABLE', UnserializableEvent> {
  static override readonly spec = {
    name: 'NotSerializableError',
    code: 'BUSBAR_EVENT_NOT_SERIALIZABLE',
    retryable: false,
    outcome: 'not-sent',
    when: 'Data has a cycle, a BigInt, a throwing toJSON or endless depth; with checkRoundTrip also what JSON changes (Date, Map).',
    remedy: 'Publish plain JSON values only; details.path says where the data would change.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: UnserializableEvent, init?: ErrorInit) {
    const where = details.path === undefined ? '' : ` at "${details.path}"`;
    super(`data of event "${details.event}" ${UNSERIALIZABLE[details.reason]}${where}`, details, init);
  }
}

/** Thrown by `encode` and `validate`: the Standard Schema of the event answers with a promise. */
export class AsyncSchemaError extends EnvelopeError<'BUSBAR_EVENT_ASYNC_SCHEMA', AsyncSchema> {
  static override readonly spec = {
    name: 'AsyncSchemaError',
    code: 'BUSBAR_EVENT_ASYNC_SCHEMA',
    retryable: false,
    outcome: 'not-sent',
    when: 'The schema of an event validates asynchronously.',
    remedy: 'Remove asynchronous refinements and transformations from the schema.',
  } as const satisfies ErrorSpec;
  static {
    brandError(this);
  }
  constructor(details: AsyncSchema, init?: ErrorInit) {
    super(`schema of event "${details.event}" validates asynchronously`, details, init);
  }
}
