/**
 * SQL text → tokens, one at a time, without allocation. Blanks and comments are dropped.
 *
 * Invariants: tokens do not overlap and come in order; together with blanks and comments they cover the text. Every call of `next` either moves
 * forward or says `end`. The cost is linear in the length of the text, whatever stands in it: each byte is read a constant number of
 * times (`lexical.ts`), and the signs behind an operator, which would be read again for each of them, are remembered.
 */
import {
  BLANK,
  CLASSES,
  LETTERS,
  startsComment,
  DIGIT,
  DOLLAR,
  dollarTagLength,
  DOT,
  endOfBlanks,
  endOfDollarQuoted,
  endOfNumber,
  endOfPunctuation,
  endOfQuoted,
  endOfString,
  isDigitAt,
  isOperatorAt,
  NAME_QUOTE,
  OPERATOR,
  operatorAt,
  QUOTE,
  SINGLE,
  WORD,
} from './lexical.ts';
import { byteAt, type SqlBytes } from './sql-bytes.ts';
import { FIRST_BASIS, firstAfter, SECOND_BASIS, secondAfter, type TextHash } from './text-hash.ts';
import { NAME, wordOf, type Word } from './words.ts';

export type TokenKind =
  /** A keyword or an unquoted name. */
  | 'word'
  | 'quoted-name'
  /** Every form of string: `'…'`, `E'…'`, `U&'…'`, `B'…'`, `X'…'`, `$tag$…$tag$`. */
  | 'string'
  | 'number'
  /** `$1` */
  | 'parameter'
  | 'operator'
  /** Parenthesis, bracket, comma, semicolon, dot, colon, or one of `::` `:=` `..`; what stands for nothing, too. */
  | 'punctuation'
  | 'end';

const ZERO = 48;
const MAX_PARAMETER = 999_999_999;
const AMPERSAND = 38;
const ESCAPED = 101;
const UNICODE = 117;
/** b, e, n, x: with a quote directly behind they begin a string. */
const STRING_PREFIXES: ReadonlySet<number> = new Set([98, ESCAPED, 110, 120]);

/** Its methods are `private` and not `#`: V8 checks the brand at each call of the latter, which is 12 to 15 % of the time here. */
export class Tokenizer implements TextHash {
  readonly sql: SqlBytes;
  kind: TokenKind = 'end';
  /** The token is what stands in the bytes from `start` to `end`. */
  start = 0;
  end = 0;
  /** Of a string: its first byte inside the quotes. */
  content = 0;
  /** Its first byte. */
  code = 0;
  /** Of a parameter: its number; 999 999 999 for all that are higher, which no server takes. */
  parameter = 0;
  /** What the syntax makes of it. */
  word: Word = NAME;
  /** The hash of a word, a quoted name, an operator or punctuation. Words that differ only in their case have the same. */
  first = FIRST_BASIS;
  second = SECOND_BASIS;
  #signsUntil = 0;
  readonly #bytes: Uint8Array;

  constructor(sql: SqlBytes) {
    this.sql = sql;
    this.#bytes = sql.bytes;
  }

  next(): TokenKind {
    const start = this.skipBlanks();
    const code = this.#bytes[start] ?? 0;
    this.start = start;
    this.code = code;
    const kind = CLASSES[code];
    if (kind === WORD) return this.readWord(start);
    if (kind === SINGLE) return this.foundSingle(start, code);
    if (kind === DIGIT) return this.found('number', endOfNumber(this.sql, start));
    if (kind === OPERATOR) return this.readOperator(start);
    return start < this.sql.length ? this.readOther(start) : this.found('end', start);
  }

  /** Behind the blanks and comments in front of the next token; a sign of an operator begins none. */
  private skipBlanks(): number {
    const bytes = this.#bytes;
    let at = this.end;
    let kind = CLASSES[bytes[at] ?? 0];
    while (kind === BLANK) {
      at += 1;
      kind = CLASSES[bytes[at] ?? 0];
    }
    return kind === OPERATOR && at >= this.#signsUntil && startsComment(this.sql, at) ? endOfBlanks(this.sql, at) : at;
  }

  private found(kind: TokenKind, end: number): TokenKind {
    this.kind = kind;
    this.end = end;
    this.word = NAME;
    return kind;
  }

  private foundSingle(start: number, code: number): TokenKind {
    this.first = code;
    this.second = code;
    return this.found('punctuation', start + 1);
  }

  private foundHashed(kind: TokenKind, end: number): TokenKind {
    let first = FIRST_BASIS;
    let second = SECOND_BASIS;
    for (let at = this.start; at < end; at += 1) {
      const byte = byteAt(this.sql, at);
      first = firstAfter(first, byte);
      second = secondAfter(second, byte);
    }
    this.first = first;
    this.second = second;
    return this.found(kind, end);
  }

  private readWord(start: number): TokenKind {
    const bytes = this.#bytes;
    let end = start;
    let first = FIRST_BASIS;
    let second = SECOND_BASIS;
    let letter = LETTERS[this.code];
    while (letter !== undefined && letter !== 0) {
      first = firstAfter(first, letter);
      second = secondAfter(second, letter);
      end += 1;
      letter = LETTERS[bytes[end] ?? 0];
    }
    this.first = first;
    this.second = second;
    if (end === start + 1) {
      const prefixed = this.readPrefixed(end);
      if (prefixed !== undefined) return prefixed;
    }
    this.kind = 'word';
    this.end = end;
    this.word = wordOf(first, second);
    return 'word';
  }

  /** Behind a single letter: the string or name that it is the prefix of. */
  private readPrefixed(end: number): TokenKind | undefined {
    const { sql } = this;
    const letter = this.code | 32;
    const next = byteAt(sql, end);
    if (next === QUOTE && STRING_PREFIXES.has(letter)) return this.readString(end + 1, letter === ESCAPED);
    if (next !== AMPERSAND || letter !== UNICODE) return undefined;
    const quote = byteAt(sql, end + 1);
    if (quote === QUOTE) return this.readString(end + 2, false);
    return quote === NAME_QUOTE ? this.foundHashed('quoted-name', endOfQuoted(sql, end + 2, NAME_QUOTE)) : undefined;
  }

  /** Without the separators that other numbers may have. */
  private readParameter(start: number): TokenKind {
    let end = start + 1;
    let number = 0;
    for (; isDigitAt(this.sql, end); end += 1)
      number = Math.min(number * 10 + byteAt(this.sql, end) - ZERO, MAX_PARAMETER);
    this.parameter = number;
    return this.found('parameter', end);
  }

  private readString(content: number, escapes: boolean): TokenKind {
    this.content = content;
    return this.found('string', endOfString(this.sql, content, escapes));
  }

  private readOperator(start: number): TokenKind {
    const isAlone = start < this.#signsUntil || !isOperatorAt(this.sql, start + 1);
    if (isAlone) return this.foundHashed('operator', start + 1);
    const { end, runEnd } = operatorAt(this.sql, start);
    this.#signsUntil = runEnd;
    return this.foundHashed('operator', end);
  }

  private readOther(start: number): TokenKind {
    const { sql, code } = this;
    if (code === QUOTE) return this.readString(start + 1, false);
    if (code === NAME_QUOTE) return this.foundHashed('quoted-name', endOfQuoted(sql, start + 1, NAME_QUOTE));
    const isBeforeDigit = isDigitAt(sql, start + 1);
    if (code === DOT && isBeforeDigit) return this.found('number', endOfNumber(sql, start));
    if (code !== DOLLAR) return this.foundHashed('punctuation', endOfPunctuation(sql, start));
    if (isBeforeDigit) return this.readParameter(start);
    const tagLength = dollarTagLength(sql, start);
    if (tagLength === 0) return this.foundHashed('punctuation', start + 1);
    this.content = start + tagLength;
    return this.found('string', endOfDollarQuoted(sql, start, tagLength));
  }
}
