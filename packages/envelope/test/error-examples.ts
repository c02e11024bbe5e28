import {
  AsyncSchemaError,
  AttributeInvalidError,
  DataInvalidError,
  type EnvelopeError,
  type EventErrorCode,
  EventOptionsError,
  EventTooLargeError,
  KeyMissingError,
  NotSerializableError,
  RegistryInvalidError,
  UnknownEventError,
} from '@busbar/envelope';

const issues = [{ path: '/orderId', message: 'must be string', expected: 'string' }];

/** One instance of every error class, by code; the type demands that none is missing. */
export const errorExamples: { readonly [C in EventErrorCode]: EnvelopeError<C> } = {
  BUSBAR_EVENT_REGISTRY_INVALID: new RegistryInvalidError({ issues }),
  BUSBAR_EVENT_OPTIONS: new EventOptionsError({ issues: [] }),
  BUSBAR_EVENT_UNKNOWN_EVENT: new UnknownEventError({ event: 'order.creatd', known: ['order.created'] }),
  BUSBAR_EVENT_DATA_INVALID: new DataInvalidError({
    event: 'order.created',
    issues: [...issues, { path: '', message: 'x' }],
  }),
  BUSBAR_EVENT_ATTRIBUTE_INVALID: new AttributeInvalidError({
    event: 'order.created',
    issues: [{ path: '', message: 'is wrong' }],
  }),
  BUSBAR_EVENT_KEY_MISSING: new KeyMissingError({ event: 'order.created', reason: 'empty' }),
  BUSBAR_EVENT_TOO_LARGE: new EventTooLargeError({ event: 'order.created', bytes: 1_000_001, limitBytes: 1_000_000 }),
  BUSBAR_EVENT_NOT_SERIALIZABLE: new NotSerializableError({
    event: 'order.created',
    reason: 'changed-by-json',
    path: '/at',
  }),
  BUSBAR_EVENT_ASYNC_SCHEMA: new AsyncSchemaError({ event: 'order.created' }),
};
