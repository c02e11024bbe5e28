import { expect, test } from 'vitest';

import { murmur2 } from '../src/murmur2.ts';

const hash = (text: string): number => murmur2(Buffer.from(text));

test('R-KP-6 murmur2 gives the numbers of the Java client', () => {
  // The vectors of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
  expect(hash('21')).toBe(-973_932_308);
  expect(hash('foobar')).toBe(-790_332_482);
  expect(hash('a-little-bit-long-string')).toBe(-985_981_536);
  expect(hash('a-little-bit-longer-string')).toBe(-1_486_304_829);
  expect(hash('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8')).toBe(-58_897_971);
  expect(hash('abc')).toBe(479_470_107);
});

test('murmur2 reads no further than it is told', () => {
  expect(murmur2(Buffer.from('foobarXYZ'), 6)).toBe(hash('foobar'));
});
