import fc from 'fast-check';
import { loadModule, scanSync, type ScanToken } from 'libpg-query';
import { beforeAll, describe, expect, test } from 'vitest';

import { tokensOf, type FoundToken } from './tokens-of.ts';

// The scanner of PostgreSQL 18 itself, in WebAssembly, is the reference: the same tokens at the same places. Texts that it refuses do not count.

/** `enum Token` of libpg_query's protobuf. Below 128 it is the character itself. */
const KINDS: Readonly<Record<number, string>> = {
  258: 'word',
  259: 'quoted-name',
  260: 'number',
  261: 'string',
  262: 'string',
  263: 'string',
  264: 'string',
  265: 'operator',
  266: 'number',
  267: 'parameter',
  268: 'punctuation',
  269: 'punctuation',
  270: 'punctuation',
  271: 'operator',
  272: 'operator',
  273: 'operator',
  274: 'operator',
};
const LINE_COMMENT = 275;
const BLOCK_COMMENT = 276;

const kindOf = ({ tokenType, keywordKind }: ScanToken, text: string): string => {
  if (keywordKind > 0) return 'word';
  if (tokenType < 128) return '+-*/<>=%^'.includes(text) ? 'operator' : 'punctuation';
  return text.startsWith('"') ? 'quoted-name' : (KINDS[tokenType] ?? `token ${tokenType}`);
};

/** What the scanner says; nothing if it refuses the text. */
const scanned = (text: string): readonly ScanToken[] | undefined => {
  try {
    return scanSync(text).tokens;
  } catch {
    return undefined;
  }
};

/** `N'…'`: to the scanner the word NCHAR and a string. To the guard it is one literal, as `B'…'` is. */
const isNational = (token: FoundToken, next: FoundToken | undefined): boolean =>
  /^n$/i.test(token.text) && next?.kind === 'string' && next.text.startsWith("'") && next.start === token.start + 1;

const reference = (text: string, tokens: readonly ScanToken[]): readonly FoundToken[] => {
  const bytes = Buffer.from(text);
  const found = tokens
    .filter(({ tokenType }) => tokenType !== LINE_COMMENT && tokenType !== BLOCK_COMMENT)
    .map((token): FoundToken => {
      const own = bytes.toString('utf8', token.start, token.end);
      return { kind: kindOf(token, own), text: own, start: token.start };
    });
  return found.flatMap((token, index) => {
    const previous = found[index - 1];
    if (previous !== undefined && isNational(previous, token)) return [];
    const next = found[index + 1];
    return next !== undefined && isNational(token, next)
      ? [{ ...token, kind: 'string', text: token.text + next.text }]
      : [token];
  });
};

/**
 * Where libpg_query is not the server:
 * - it gives line comments as tokens, and so ends a string at one that stands before its continuation (`'a' -- c⏎'b'`); the server goes on.
 * Where the guard is not the server:
 * - in `B'…'` and `X'…'` it takes a doubled quote for part of it; the server, for a second string, and then refuses the statement.
 */
const isNamed = (text: string, tokens: readonly ScanToken[]): boolean => {
  const bytes = Buffer.from(text);
  return tokens.some((token, index) => {
    const isBits = token.tokenType === 263 || token.tokenType === 264;
    if (isBits && bytes.toString('utf8', token.end, token.end + 1) === "'") return true;
    const isString = token.tokenType >= 261 && token.tokenType <= 264;
    return isString && tokens[index + 1]?.tokenType === LINE_COMMENT;
  });
};

/** Compares the two; false if the text does not count. */
const agreeOn = (text: string): boolean => {
  const tokens = scanned(text);
  if (tokens === undefined || isNamed(text, tokens)) return false;
  expect(tokensOf(text)).toEqual(reference(text, tokens));
  return true;
};

const charsOf = (text: string) => fc.constantFrom(...Array.from(text));
const inside = fc.array(fc.oneof(charsOf(`a1 '"$\\/*-+;(é名😀\n`), fc.constantFrom("''", '--', '/*', '*/', '$$')), {
  maxLength: 8,
});
const quoted = (quote: string) => inside.map((parts) => parts.join('').replaceAll(quote, quote + quote));
const string = fc.oneof(
  quoted("'").map((text) => `'${text}'`),
  inside.map((parts) => String.raw`E'${parts.join('').replaceAll(/['\\]/g, String.raw`\$&`)}'`),
  quoted("'").map((text) => `u&'${text}'`),
  inside.map((parts) => `$a$${parts.join('').replaceAll('$a$', '')}$a$`),
  inside.map((parts) => `$$${parts.join('').replaceAll('$', '')}$$`),
  fc.constantFrom("b'01'", "X'ff'", "N'n'", "'a'\n'b'", "E'\\''\n\t'\\''"),
);
const operator = fc.array(charsOf('+-*/<>=~!@#%^&|`?'), { minLength: 1, maxLength: 5 });
const element = fc.oneof(
  string,
  quoted('"').map((text) => `"x${text}"`),
  operator.map((parts) => parts.join('')),
  fc.constantFrom('1', '1.5', '.5', '1.', '1e5', '1.5E-7', '0x1F', '0o17', '0b1', '1_000', '0x_1_f', '1..2', '08'),
  fc.constantFrom('select', 'From', 'a', 'größe', '名前', '_x$1', 'e', 'n', 'u', 'x'),
  fc.nat(99).map((n) => `$${n + 1}`),
  charsOf('()[],;.:{}\\$'),
  fc.constantFrom('::', ':=', '=>', '..'),
);
const blank = fc.constantFrom('', ' ', '\n', '\t\v\f\r', '/**/', '/*\'/*"*/--*/', "--'\n", '-- "\r', '/*/ */ */');

describe('R-PG-4 the tokenizer finds the tokens that the scanner of PostgreSQL finds', () => {
  beforeAll(loadModule);

  test('in a row of elements, apart or side by side', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(element, blank), { maxLength: 12 }), (parts) => {
        if (agreeOn(parts.flat().join(''))) compared += 1;
      }),
      { numRuns: 600 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  test('in characters that mean something, in any order', () => {
    let compared = 0;
    const char = charsOf(`'"$aeEnNuU&xXb019_.:=-+*/@<\\ é😀;,\n\r`);
    fc.assert(
      fc.property(fc.array(char, { maxLength: 14 }), (chars) => {
        if (agreeOn(chars.join(''))) compared += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  test.for([
    ["N'a'", 1],
    ["b'0''1'", 2],
    ["'a' -- c\n'b'", 2],
  ] as const)(
    '%j is a difference that is meant: %i tokens for the scanner of the package, one for the guard',
    ([text, count]) => {
      expect(tokensOf(text)).toHaveLength(1);
      const tokens = scanned(text) ?? [];
      expect(reference(text, tokens)).toHaveLength(count);
    },
  );
});
