import { EnvelopeError, KeyMissingError, NotSerializableError } from '@busbar/envelope';
import { BusbarError, isRetryable } from '@busbar/errors';
import { describe, expect, it } from 'vitest';

import { errorExamples } from './error-examples.ts';

describe('errors of the envelope', () => {
  it.each(Object.entries(errorExamples))(
    'R-STD-4 %s is of the family, was not sent and is not retryable',
    (code, error) => {
      expect(error).toBeInstanceOf(BusbarError);
      expect(error).toBeInstanceOf(EnvelopeError);
      expect(error).toMatchObject({ code, retryable: false, outcome: 'not-sent' });
      expect(isRetryable(error)).toBe(false);
      expect(error.toJSON()).toMatchObject({ code, details: error.details });
    },
  );

  it('R-STD-4 messages say what, where and how much', () => {
    expect(Object.values(errorExamples).map((error) => error.message)).toEqual([
      'event definitions are invalid: must be string at /orderId',
      'event codec options are invalid: no details',
      'event "order.creatd" is not defined',
      'data of event "order.created" is invalid: must be string at /orderId (and 1 more)',
      'attributes of event "order.created" are invalid: is wrong at the root',
      'key of event "order.created" is empty',
      'event "order.created" has 1000001 bytes, more than the limit of 1000000',
      'data of event "order.created" does not survive JSON unchanged at "/at"',
      'schema of event "order.created" validates asynchronously',
    ]);
    expect(new KeyMissingError({ event: 'e', reason: 'threw' }).message).toBe('key of event "e" could not be computed');
    expect(new NotSerializableError({ event: 'e', reason: 'no-json' }).message).toBe(
      'data of event "e" has no JSON form',
    );
  });
});
