import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { statementSkeleton } from '../../src/guard/skeleton.ts';
import { judge, type Verdict } from '../../src/guard/verdict.ts';
import { POSTGRES_DEFAULTS } from '../../src/option-limits.ts';

const verdictOn = (text: string): Verdict => judge(text, POSTGRES_DEFAULTS.guardWeights);

const inQuotes = fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/['\\\0]/g, ' '));
/** Different ways to write a value. */
const literal = fc.oneof(
  inQuotes.map((text) => `'${text}'`),
  inQuotes.map((text) => `E'${text}\\''`),
  inQuotes.map((text) => `$q$${text.replaceAll('$', '')}$q$`),
  fc.integer({ min: -9_999, max: 9_999 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer({ min: 1, max: 99 }).map((n) => `$${n}`),
  fc.constantFrom("B'01'", "x'ff'", "N'n'", "U&'\\0061'", "'a'\n'b'", '0x_1F', '1_000', '.5', '1.'),
);
/** Different ways to write nothing. */
const blank = fc.oneof(
  fc.constantFrom(' ', '\n', '\t ', '\v\f', '/**/', '/* a /* b */ ; */', '\r\n'),
  inQuotes.map((text) => `--${text.replaceAll(/[\r\n]/g, '')}\n`),
);
const list = (open: string, close: string) =>
  fc.array(literal, { minLength: 1, maxLength: 5 }).map((items) => `${open}${items.join(',')}${close}`);
const row = literal.map((value) => `(${value})`);

/** Each pattern with its holes: the statement is the same whatever fills them. */
const PATTERNS = [
  [
    'select',
    'a',
    ',',
    'V',
    'from',
    't',
    'where',
    'b',
    '=',
    'V',
    'and',
    'c',
    'in',
    'I',
    'order',
    'by',
    'd',
    'limit',
    'V',
  ],
  ['insert', 'into', 't', '(', 'a', ')', 'values', 'R', 'on', 'conflict', 'do', 'nothing'],
  ['update', 't', 'set', 'a', '=', 'A', 'where', 'b', 'between', 'V', 'and', 'V'],
  ['select', '*', 'from', '(', 'values', 'R', ')', 'x', 'where', 'y', '>', 'V'],
  ['select', 'case', 'when', 'a', 'then', 'V', 'else', 'V', 'end', 'from', '"T"'],
] as const;

const filled = (pattern: readonly string[]) =>
  fc
    .tuple(...pattern.map((piece) => fc.tuple(pieceOf(piece), blank)), fc.constantFrom('', ';', ' ; -- x'))
    .map((parts) => parts.map((part) => (typeof part === 'string' ? part : part.join(''))).join(''));

const pieceOf = (piece: string): fc.Arbitrary<string> => {
  if (piece === 'V') return literal;
  if (piece === 'I') return list('(', ')');
  if (piece === 'A') return list('array[', ']');
  if (piece === 'R') return fc.array(row, { minLength: 1, maxLength: 4 }).map((rows) => rows.join(' , '));
  return piece.startsWith('"')
    ? fc.constant(piece)
    : fc.boolean().map((upper) => (upper ? piece.toUpperCase() : piece));
};

describe('R-PG-6 the fingerprint', () => {
  test.for(PATTERNS.map((pattern, index) => [index, pattern] as const))(
    'of pattern %i is the same whatever its values, blanks, comments, case and lists are',
    ([, pattern]) => {
      fc.assert(
        fc.property(filled(pattern), filled(pattern), (one, other) => {
          const [a, b] = [verdictOn(one), verdictOn(other)];
          expect([b.fingerprint, b.summary, b.score]).toEqual([a.fingerprint, a.summary, a.score]);
          expect(statementSkeleton(one, 1_000).toLowerCase()).toBe(statementSkeleton(other, 1_000).toLowerCase());
        }),
        { numRuns: 60 },
      );
    },
  );

  test('tells statements apart that do different things', () => {
    const texts = [
      'select a from t',
      'select b from t',
      'select "A" from t',
      'select "a" from t',
      'select a from u',
      'select a - 1',
      'select a + 1',
      'select a ? 1',
      'select a $1 1',
      'select a -b',
      'select -a',
      'select a',
      'select a, b',
      'select a; select b',
      'select 1 where x in (select 1, 2)',
      'select 1 where x in (select 1)',
      'select 1 where x in (1)',
      'insert into t values (1)',
      'insert into t values (1), (2) returning a',
      'insert into t values (1, 2)',
      'select * from (values (1), (2)) x, u',
      'select * from (values (1)) x',
      'select f(1, 2)',
      'select f(1)',
      'select array[a, b] || c',
      'select array[a] || d',
      'select values, b from t',
      'select end - 5',
      'select a[1:2]',
      'insert into t values (1), (2) union select 1',
    ];
    expect(new Set(texts.map((text) => verdictOn(text).fingerprint)).size).toBe(texts.length);
    expect(verdictOn('select 1').fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  test('and everything else of a verdict comes from any text without an exception, and holds no literal', () => {
    const words =
      "select from values in ( ) , ; ' \" $$ -- /* */ [ ] . with update set 'hunter2' $x$hunter2$x$ E'hunter2\\'' 5 - array as delete";
    // Halves of pairs as well; to make fc.string's `binary` takes seconds.
    const anyUnit = fc.oneof(fc.nat(127), fc.nat(0xffff));
    const word = fc.constantFrom(...words.split(' '));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (some) => {
        const text = some.join(' ');
        const verdict = verdictOn(text);
        expect(verdict.bytes).toBeLessThanOrEqual(Buffer.byteLength(text));
        expect(verdict.bytes).toBeGreaterThanOrEqual(0);
        expect(verdict.score).toBe(verdict.reasons.reduce((sum, { score }) => sum + score, 0));
      }),
    );
    fc.assert(
      fc.property(fc.array(anyUnit, { maxLength: 200 }), (units) => {
        const text = String.fromCharCode(...units);
        expect(verdictOn(text).statements).toBeLessThanOrEqual(text.length);
        expect(statementSkeleton(text, 50).length).toBeLessThanOrEqual(50);
      }),
    );
  });
});
