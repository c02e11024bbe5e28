import { expect, test } from 'vitest';

import { readRecords, scanRecords } from '../../../src/testing/fake-broker/records.ts';
import { WireWriter } from '../../../src/testing/fake-broker/wire.ts';

/** Zigzag numbers below 64 are one byte. */
const zigzag = (value: number): number => (value < 0 ? -value * 2 - 1 : value * 2);

/** One record of a value, with a header, that says it has `saidBytes`. */
const record = (value: string, o: { timestampDelta: number; saidBytes?: number }): Buffer => {
  const content = new WireWriter().int8(0).uvarint(zigzag(o.timestampDelta)).uvarint(0).uvarint(zigzag(-1));
  content.uvarint(zigzag(value.length)).bytes(Buffer.from(value));
  content.uvarint(zigzag(1)).uvarint(zigzag(1)).bytes(Buffer.from('h')).uvarint(zigzag(-1));
  const bytes = content.end();
  return new WireWriter()
    .uvarint(zigzag(o.saidBytes ?? bytes.length))
    .bytes(bytes)
    .end();
};

test('R-KP-6 a content is looked through without being taken apart: the latest timestamp, and whether it is its records', () => {
  const bytes = Buffer.concat([record('a', { timestampDelta: 7 }), record('bc', { timestampDelta: -3 })]);
  const content = { bytes, count: 2, baseTimestampMs: 1_000 };
  expect(scanRecords(content)).toBe(1_007);
  expect(readRecords(content)).toEqual([
    { key: null, value: Buffer.from('a'), headers: [{ name: 'h', value: null }], timestampMs: 1_007 },
    { key: null, value: Buffer.from('bc'), headers: [{ name: 'h', value: null }], timestampMs: 997 },
  ]);
  expect(() => scanRecords({ ...content, count: 1 })).toThrow('more in the batch than its records');
  const wrong = record('a', { timestampDelta: 0, saidBytes: 5 });
  expect(() => scanRecords({ bytes: wrong, count: 1, baseTimestampMs: 0 })).toThrow('of other than its 5 bytes');
});
