import { describe, expect, test } from 'vitest';

import { meaningOf } from '../../src/guard/meanings.ts';
import { BATCH, fieldAt } from '../../src/guard/tokens.ts';
import { judge } from '../../src/guard/verdict.ts';
import { POSTGRES_DEFAULTS } from '../../src/option-limits.ts';
import { tokensOf as foundIn } from './tokens-of.ts';

const tokensOf = (text: string): string[] => foundIn(text).map((token) => `${token.kind} ${token.text}`);
const kindsOf = (text: string): string =>
  tokensOf(text)
    .map((token) => token.split(' ')[0])
    .join(' ');

describe('R-PG-4 every lexical form of PostgreSQL is one token', () => {
  test.for([
    "''",
    "'it''s'",
    String.raw`'a\'`,
    String.raw`E'it\'s \\'`,
    String.raw`e'a''\''`,
    "B'01'",
    "x'ff'",
    "N'n'",
    "U&'d\\0061t'",
    "'a'\n'b'",
    "'a' -- c\n  'b'",
    "E'a'\r\n'\\'b'",
    '$$it\'s "$1"$$',
    '$a$ $b$ $ $$ $a$',
    '$ä1$x$ä1$',
    "'never closed",
    String.raw`E'never closed\'`,
    '$a$never closed$b$',
  ])('string %s', (text) => {
    expect(tokensOf(` ${text} `.trimEnd())).toEqual([`string ${text}`]);
  });

  test.for(['"a"', '"a""b"', 'U&"d\\0061t"', '"never closed', '"select"'])('quoted name %s', (text) => {
    expect(tokensOf(text)).toEqual([`quoted-name ${text}`]);
  });

  test.for(['1', '1.5', '.5', '1.', '1e5', '1.5E-7', '0x1F', '0o17', '0b1', '1_000', '0x1_f', '0x_1f'])(
    'number %s',
    (text) => {
      expect(tokensOf(text)).toEqual([`number ${text}`]);
    },
  );

  test.for(['a', 'Ab_1$', '_x', 'größe', '名前', 'e', 'u', 'nothing'])('word %s', (text) => {
    expect(tokensOf(text)).toEqual([`word ${text}`]);
  });

  test.for(['+', '<>', '!~*', '->>', '@-', '||', '?&', '~-+', '*'])('operator %s', (text) => {
    expect(tokensOf(text)).toEqual([`operator ${text}`]);
  });

  test.for([
    ["'a' 'b'", 'string string'],
    ["'a' /* c */\n'b'", 'string string'],
    ["'a' -", 'string operator'],
    ["'a' - 'b'", 'string operator string'],
    ["'a'--", 'string'],
    ['$1::int', 'parameter punctuation word'],
    ['a:=1', 'word punctuation number'],
    ['[:1]', 'punctuation punctuation number punctuation'],
    ['$1_0', 'parameter word'],
    ['$1$2', 'parameter parameter'],
    ['$abc', 'punctuation word'],
    ['a$b$c', 'word'],
    ['$', 'punctuation'],
    ['$1a$', 'parameter word'],
    ['$a-$', 'punctuation word operator punctuation'],
    ['1..2', 'number punctuation number'],
    ['..5', 'punctuation number'],
    ['1e', 'number word'],
    ['1e+', 'number word operator'],
    ['0x', 'number word'],
    ['1_', 'number word'],
    ['a.b', 'word punctuation word'],
    ['u & 1', 'word operator number'],
    ['u&1', 'word operator number'],
    ['=-1', 'operator operator number'],
    ['+-+-1', 'operator operator operator operator number'],
    ['a*/**/b', 'word operator word'],
    ['a<-- c\nb', 'word operator word'],
    ['a - - b', 'word operator operator word'],
    ['-', 'operator'],
    ['/', 'operator'],
    ['-- only', ''],
    ['-- a\r1', 'number'],
    ['/* a /* b */ c */ 1', 'number'],
    ['/* a /* b */ never closed', ''],
    ['/**/', ''],
    ['  \t\n\v\f\r', ''],
    ['', ''],
    [
      '(a)[1],;:{}\\\0',
      'punctuation word punctuation punctuation number punctuation punctuation punctuation punctuation punctuation punctuation punctuation punctuation',
    ],
  ] as const)('%j is %s', ([text, kinds]) => {
    expect(kindsOf(text)).toBe(kinds);
  });

  test('a text of several batches is read to its end, wherever a batch ends', () => {
    for (const blanks of [0, 1, 2]) {
      const text = `${'; '.repeat(blanks)}select ${'a, '.repeat(2 * BATCH)}-1`;
      const found = foundIn(text);
      expect(found.map((token) => token.text).join('')).toBe(text.replaceAll(' ', ''));
      expect(new Set(found.map(({ start }) => start)).size).toBe(found.length);
    }
    // What the next token decides: here it is the first of the next batch.
    const verdictOn = (text: string) => judge(text, POSTGRES_DEFAULTS.guardWeights);
    const upTo = `select ${'a, '.repeat((BATCH - 2) / 2)}`;
    expect(foundIn(upTo)).toHaveLength(BATCH - 1);
    expect(verdictOn(`${upTo}-1`).fingerprint).toBe(verdictOn(`${upTo}1`).fingerprint);
    expect(verdictOn(`${upTo}-b`).fingerprint).not.toBe(verdictOn(`${upTo}b`).fingerprint);
    expect(verdictOn(`${upTo};`).fingerprint).toBe(verdictOn(upTo).fingerprint);
  });

  test('nothing stands outside of a batch, and a type that is none means nothing', () => {
    expect([fieldAt(-1), meaningOf(-1)]).toEqual([0, 0]);
  });

  test('a name is a keyword by its letters, not by its hash: words that share a place in the table are names', () => {
    // Of 20 000 names many hundred meet the place of a keyword.
    const names = Array.from({ length: 20_000 }, (_, index) => `n${index}`);
    const { score, reasons } = judge(`select 1 where ${names.join(' ')}`, POSTGRES_DEFAULTS.guardWeights);
    expect([score, reasons]).toEqual([0, []]);
  });
});
