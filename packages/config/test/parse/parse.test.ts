import { describe, expect, it } from 'vitest';

import { parseBoolean } from '../../src/parse/boolean.ts';
import { parseByteSize } from '../../src/parse/byte-size.ts';
import { parseDuration } from '../../src/parse/duration.ts';
import { parseList, parseMap } from '../../src/parse/list.ts';
import { parseInteger, parseNumber, parseRatio } from '../../src/parse/number.ts';
import type { Parsed } from '../../src/parse/parsed.ts';
import { parseHostPort, parseUrl } from '../../src/parse/url.ts';

const REFUSED = Symbol('refused');

interface Table {
  readonly kind: string;
  readonly parse: (text: string) => Parsed<unknown>;
  readonly rows: readonly (readonly [string, unknown])[];
}

const tables: readonly Table[] = [
  {
    kind: 'int',
    parse: parseInteger,
    rows: [
      ['10', 10],
      ['+7', 7],
      ['-3', -3],
      ['-0', 0],
      ['0x10', REFUSED],
      ['1.5', REFUSED],
      ['1e3', REFUSED],
      ['12345678901234567890', REFUSED],
      ['', REFUSED],
    ],
  },
  {
    kind: 'number',
    parse: parseNumber,
    rows: [
      ['0.5', 0.5],
      ['.5', 0.5],
      ['-2.', -2],
      ['1e-3', 0.001],
      ['NaN', REFUSED],
      ['Infinity', REFUSED],
      ['1,5', REFUSED],
      ['1e999', REFUSED],
    ],
  },
  {
    kind: 'ratio',
    parse: parseRatio,
    rows: [
      ['0.5', 0.5],
      ['50%', 0.5],
      ['50 %', 0.5],
      ['half', REFUSED],
      ['x%', REFUSED],
    ],
  },
  {
    kind: 'boolean',
    parse: parseBoolean,
    rows: [
      ...(['true', '1', 'YES', 'On'] as const).map((text) => [text, true] as const),
      ...(['false', '0', 'No', 'OFF'] as const).map((text) => [text, false] as const),
      ['maybe', REFUSED],
      ['"false"', REFUSED],
      ['', REFUSED],
    ],
  },
  {
    kind: 'durationMs',
    parse: parseDuration,
    rows: [
      ['5000', 5000],
      ['250ms', 250],
      ['1.5s', 1500],
      ['1.1s', 1100],
      ['5m', 300_000],
      ['1h', 3_600_000],
      ['30d', 2_592_000_000],
      ['1.5ms', REFUSED],
      ['0.5', REFUSED],
      ['5S', REFUSED],
      ['5w', REFUSED],
      ['-5s', REFUSED],
      ['5 s', REFUSED],
      ['9999999999999999d', REFUSED],
    ],
  },
  {
    kind: 'sizeBytes',
    parse: parseByteSize,
    rows: [
      ['900000', 900_000],
      ['512KiB', 524_288],
      ['1MiB', 1_048_576],
      ['1MB', 1_000_000],
      ['2kB', 2000],
      ['1.5GiB', 1_610_612_736],
      ['1TiB', 1_099_511_627_776],
      ['7B', 7],
      ['1K', REFUSED],
      ['1M', REFUSED],
      ['1kb', REFUSED],
    ],
  },
  {
    kind: 'list',
    parse: parseList,
    rows: [
      ['a, b', ['a', 'b']],
      ['["a,b", 1]', ['a,b', 1]],
      ['a,,b', REFUSED],
      ['a,', REFUSED],
      ['[1', REFUSED],
    ],
  },
  {
    kind: 'map',
    parse: parseMap,
    rows: [
      ['a=1, b = x=y', { a: '1', b: 'x=y' }],
      ['{"a":1}', { a: 1 }],
      ['a=', { a: '' }],
      ['a=1,a=2', REFUSED],
      ['=1', REFUSED],
      ['a', REFUSED],
      ['{"a":1,"a":2}', REFUSED],
    ],
  },
  {
    kind: 'hostPort',
    parse: parseHostPort,
    rows: [
      ['kafka-1.example.org:9092', 'kafka-1.example.org:9092'],
      ['[::1]:65535', '[::1]:65535'],
      ['h:abc', REFUSED],
      ['h:0', REFUSED],
      ['h:65536', REFUSED],
      ['::1:9092', REFUSED],
      ['h', REFUSED],
    ],
  },
  {
    kind: 'url',
    parse: parseUrl,
    rows: [
      ['https://example.org/x', 'https://example.org/x'],
      ['nonsense', REFUSED],
      ['https://user:hunter2@example.org', REFUSED],
      ['https://user@example.org', REFUSED],
    ],
  },
];

describe.each(tables)('text of kind $kind', ({ parse, rows }) => {
  it.each(rows)('R-STD-3 reads %j', (text, expected) => {
    const result = parse(text);
    expect(result.ok ? result.value : REFUSED).toEqual(expected);
    const said = result.ok || text.length < 3 ? '' : `${result.message} ${result.help ?? ''}`;
    expect(said).not.toContain(text.length < 3 ? 'nothing' : text);
  });
});
