/**
 * SQL text → tokens, one at a time, without allocation. Blanks and comments are dropped.
 *
 * Invariants: tokens do not overlap and come in order; together with blanks and comments they cover the text. Every call of `next` either moves
 * forward or says `end`. The cost is linear in the length of the text, whatever stands in it: each character is read a constant number of
 * times (`lexical.ts`), and the signs behind an operator, which would be read again for each of them, are remembered.
 */
import {
  classOf,
  DOLLAR,
  dollarTagLength,
  DOT,
  endOfBlanks,
  endOfDollarQuoted,
  endOfNumber,
  endOfParameter,
  endOfPunctuation,
  endOfQuoted,
  endOfString,
  endOfWord,
  NAME_QUOTE,
  operatorAt,
  QUOTE,
} from './lexical.ts';

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

const AMPERSAND = 38;
/** `e` of `E'…'`. */
const ESCAPED = 101;
const UNICODE = 117;
/** b, e, n, x: with a quote directly behind they begin a string. */
const STRING_PREFIXES: ReadonlySet<number> = new Set([98, ESCAPED, 110, 120]);

export class Tokenizer {
  readonly text: string;
  kind: TokenKind = 'end';
  /** The token is `text.slice(start, end)`. */
  start = 0;
  end = 0;
  /** Of a string: its first character inside the quotes. */
  content = 0;
  /** Its first character, for punctuation. */
  code = 0;
  #signsUntil = 0;

  constructor(text: string) {
    this.text = text;
  }

  next(): TokenKind {
    const { text } = this;
    const start = endOfBlanks(text, this.end);
    this.start = start;
    this.end = start;
    if (start >= text.length) return this.#is('end', start);
    const code = text.charCodeAt(start);
    this.code = code;
    const kind = classOf(code);
    if (kind === 'word') return this.#word(start, code);
    if (kind === 'operator') return this.#operator(start);
    return kind === 'digit' ? this.#is('number', endOfNumber(text, start)) : this.#other(start, code);
  }

  #is(kind: TokenKind, end: number): TokenKind {
    this.kind = kind;
    this.end = end;
    return kind;
  }

  #word(start: number, code: number): TokenKind {
    const { text } = this;
    const next = text.charCodeAt(start + 1);
    const letter = code | 32;
    if (next === QUOTE && STRING_PREFIXES.has(letter)) return this.#string(start + 2, letter === ESCAPED);
    if (next === AMPERSAND && letter === UNICODE) {
      const quote = text.charCodeAt(start + 2);
      if (quote === QUOTE) return this.#string(start + 3, false);
      if (quote === NAME_QUOTE) return this.#is('quoted-name', endOfQuoted(text, start + 3, NAME_QUOTE));
    }
    return this.#is('word', endOfWord(text, start + 1));
  }

  #string(content: number, escapes: boolean): TokenKind {
    this.content = content;
    return this.#is('string', endOfString(this.text, content, escapes));
  }

  #operator(start: number): TokenKind {
    if (start < this.#signsUntil) return this.#is('operator', start + 1);
    const { end, runEnd } = operatorAt(this.text, start);
    this.#signsUntil = runEnd;
    return this.#is('operator', end);
  }

  #other(start: number, code: number): TokenKind {
    const { text } = this;
    if (code === QUOTE) return this.#string(start + 1, false);
    if (code === NAME_QUOTE) return this.#is('quoted-name', endOfQuoted(text, start + 1, NAME_QUOTE));
    const follows = classOf(text.charCodeAt(start + 1));
    if (code === DOT && follows === 'digit') return this.#is('number', endOfNumber(text, start));
    if (code !== DOLLAR) return this.#is('punctuation', endOfPunctuation(text, start));
    if (follows === 'digit') return this.#is('parameter', endOfParameter(text, start));
    const tagLength = dollarTagLength(text, start);
    if (tagLength === 0) return this.#is('punctuation', start + 1);
    this.content = start + tagLength;
    return this.#is('string', endOfDollarQuoted(text, start, tagLength));
  }
}
