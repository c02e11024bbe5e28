import { expect, test } from 'vitest';

import { parseRecord, unescapeBytes } from '../../src/kafka/console-consumer.ts';

test('a line of the Java consumer becomes a record, byte for byte', () => {
  const line = 'CreateTime:1795551386591\tPartition:3\tOffset:42\tid:a:b,c\u0001t:\\x00\\xFF\tk\\x5C\tv\\x09\\x0A';
  expect(parseRecord(line)).toEqual({
    timestampMs: 1_795_551_386_591,
    partition: 3,
    offset: 42,
    headers: [
      { name: 'id', value: Buffer.from('a:b,c') },
      { name: 't', value: Buffer.from([0, 255]) },
    ],
    key: Buffer.from('k\\'),
    value: Buffer.from('v\t\n'),
  });
});

test('no headers, no key and no value are told from empty ones', () => {
  const missing = '(no value: 8c1f2f6e)';
  const record = parseRecord(`CreateTime:1\tPartition:0\tOffset:0\tNO_HEADERS\t${missing}\t`);
  expect(record).toMatchObject({ headers: [], key: null, value: Buffer.alloc(0) });
});

test('every byte survives the way through the consumer', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  const printed = [...bytes]
    .map((code) =>
      code >= 32 && code <= 126 && code !== 92
        ? String.fromCodePoint(code)
        : `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
  expect(unescapeBytes(printed)).toEqual(bytes);
});
