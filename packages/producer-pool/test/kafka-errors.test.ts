import { describe, expect, test } from 'vitest';

import { faultOfCode, faultOfSystemCode, knownKafkaCodes } from '../src/kafka-errors.ts';

describe('R-KP-6 what a Kafka error code means', () => {
  test.each([
    { codes: [5, 6, 19, 56, 74, 75], kind: 'transient', outcome: 'rejected', scope: 'lane' },
    { codes: [3], kind: 'transient', outcome: 'rejected', scope: 'topic' },
    { codes: [7, 20], kind: 'transient', outcome: 'unknown', scope: 'lane' },
    { codes: [13], kind: 'transient', outcome: 'unknown', scope: 'broker' },
    { codes: [8], kind: 'transient', outcome: 'not-sent', scope: 'broker' },
    { codes: [2, 10, 18, 32, 87], kind: 'record', outcome: 'rejected', scope: 'record' },
    { codes: [17, 29, 43, 44], kind: 'topic', outcome: 'rejected', scope: 'topic' },
    { codes: [21, 31, 35, 76], kind: 'client', outcome: 'rejected', scope: 'client' },
    { codes: [33, 34, 58], kind: 'client', outcome: 'not-sent', scope: 'client' },
    { codes: [45, 47, 49, 59, 90], kind: 'producer-broken', outcome: 'unknown', scope: 'client' },
    { codes: [-1, 99, 1_000], kind: 'producer-broken', outcome: 'unknown', scope: 'client' },
  ])('$codes is $kind, $outcome, of the $scope', ({ codes, kind, outcome, scope }) => {
    for (const code of codes) expect(faultOfCode(code)).toMatchObject({ kind, outcome, scope, kafkaCode: code });
  });

  test('metadata is refreshed where a leader or topic has moved', () => {
    const refreshing = knownKafkaCodes.filter((code) => faultOfCode(code).refreshMetadata);
    expect(refreshing).toEqual([3, 5, 6, 8, 13, 56, 74, 75]);
  });
});

test('R-KP-6 system errors say whether a request can have been sent', () => {
  expect(faultOfSystemCode('ECONNREFUSED')).toMatchObject({ kind: 'transient', outcome: 'not-sent' });
  expect(faultOfSystemCode('ECONNRESET')).toMatchObject({ kind: 'transient', outcome: 'unknown' });
  expect(faultOfSystemCode('SELF_SIGNED_CERT_IN_CHAIN')).toMatchObject({
    kind: 'client',
    outcome: 'not-sent',
    kafkaError: 'TLS',
  });
  expect(faultOfSystemCode('ENOENT')).toBeUndefined();
});
