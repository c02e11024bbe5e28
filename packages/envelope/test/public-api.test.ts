import * as api from '@busbar/envelope';
import { expect, it } from 'vitest';

it('R-STD-5 exports exactly these values', () => {
  expect(Object.keys(api).toSorted()).toEqual([
    'AsyncSchemaError',
    'AttributeInvalidError',
    'CODEC_DEFAULTS',
    'CODEC_LIMITS',
    'DataInvalidError',
    'EnvelopeError',
    'EventAttributes',
    'EventOptionsError',
    'EventTooLargeError',
    'KeyMissingError',
    'NotSerializableError',
    'RegistryInvalidError',
    'UnknownEventError',
    'createEventCodec',
    'createIdGenerator',
    'currentEventContext',
    'defineEvent',
    'defineEvents',
    'parseTraceparent',
    'runWithEvent',
  ]);
});
