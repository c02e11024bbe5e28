import { expect, test } from 'vitest';

import * as root from '../src/index.ts';
import * as kafkajs from '../src/kafkajs/index.ts';
import * as platformatic from '../src/platformatic/index.ts';
import * as testing from '../src/testing/index.ts';

test('R-STD-5 the exported names', () => {
  expect(Object.keys(root).toSorted()).toEqual([
    'PRODUCER_POOL_DEFAULTS',
    'PRODUCER_POOL_LIMITS',
    'ProducerAbortedError',
    'ProducerAuthError',
    'ProducerBufferFullError',
    'ProducerClosedError',
    'ProducerConnectError',
    'ProducerDeliveryTimeoutError',
    'ProducerDriverError',
    'ProducerKeyBlockedError',
    'ProducerOptionsError',
    'ProducerPoolError',
    'ProducerRecordInvalidError',
    'ProducerRecordRejectedError',
    'ProducerRecordTooLargeError',
    'ProducerTopicDeniedError',
    'ProducerUnacknowledgedError',
    'ProducerUnavailableError',
    'ProducerUnknownTopicError',
    'ProducerWatchdogError',
    'createProducerPool',
    'resolveProducerPoolOptions',
  ]);
  expect(Object.keys(kafkajs)).toEqual(['kafkaJsDriver', 'patchIdleTimer']);
  expect(Object.keys(platformatic)).toEqual(['platformaticDriver']);
  expect(Object.keys(testing).toSorted()).toEqual([
    'conformanceRowIds',
    'describeDriverConformance',
    'fakeConformance',
    'memoryDriver',
    'startFakeCluster',
  ]);
});
