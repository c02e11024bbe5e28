import * as errors from '@busbar/errors';
import { expect, it } from 'vitest';

it('R-STD-5 @busbar/errors exports exactly these names', () => {
  expect(Object.keys(errors).toSorted()).toEqual([
    'AbortedError',
    'BusbarError',
    'ERROR_DOCS_URL',
    'InternalError',
    'TimeoutError',
    'brandError',
    'causes',
    'combineOutcomes',
    'findError',
    'hasCode',
    'isAbortError',
    'isBusbarError',
    'isRetryable',
    'outcomeOf',
    'retryAfterMsOf',
    'scrub',
    'serializeError',
    'toBusbarError',
  ]);
});
