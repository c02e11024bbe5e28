import fc from 'fast-check';
import { expect, test } from 'vitest';

import { crc32c } from '../../../src/testing/fake-broker/crc32c.ts';
import { WireReader, WireWriter } from '../../../src/testing/fake-broker/wire.ts';

test('R-KP-6 what is written is read, in flexible versions and in others', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 });
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(
        fc.tuple(
          text,
          fc.option(text),
          fc.integer({ min: 0, max: 2 ** 32 - 1 }),
          fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        ),
      ),
      (flexible, rows) => {
        const writer = new WireWriter(flexible);
        writer.array(rows, ([name, note, count, offset]) => {
          writer.string(name).string(note).uvarint(count).int64(offset).lengthAndBytes(Buffer.from(name)).tags();
        });
        const reader = new WireReader(writer.end(), flexible);
        const read = reader.array(() => {
          const row = [reader.string(), reader.nullableString(), reader.uvarint(), reader.int64()] as const;
          expect(reader.nullableBytes()?.toString()).toBe(row[0]);
          reader.tags();
          return row;
        });
        expect(read).toEqual(rows);
        expect(reader.remaining).toBe(0);
      },
    ),
  );
});

test('R-KP-6 signed varints are zigzag', () => {
  const read = (...bytes: readonly number[]) => new WireReader(Buffer.from(bytes));
  expect([0, 1, 2, 3].map((byte) => read(byte).varint())).toEqual([0, -1, 1, -2]);
  expect([0, 1, 2, 3].map((byte) => read(byte).varlong())).toEqual([0, -1, 1, -2]);
  expect(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 7).varlong()).toBe(-(2 ** 51));
  expect(() => new WireReader(Buffer.alloc(11, 0xff)).varlong()).toThrow('more than 10 bytes');
  expect(() => new WireReader(Buffer.alloc(11, 0xff)).varint()).toThrow('more than 5 bytes');
});

test('R-KP-6 CRC-32C gives the numbers of RFC 3720, appendix B.4', () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, index) => index)))).toBe(0x46dd794e);
  // Lengths that are no multiple of the bytes it takes at a time (Rocksoft's check value).
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});
