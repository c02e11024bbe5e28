/**
 * Where the lexical elements of PostgreSQL end (documentation, chapter 4.1), byte by byte and without regular expressions.
 *
 * Linear: each function moves forward, looks at most one byte ahead of where it stops, and reads no byte more than twice. An element
 * that is not closed reaches to the end of the text; the server refuses such a text. Strings are read as with
 * `standard_conforming_strings`, the default of every server since 9.1.
 */
import { byteAt, type SqlBytes } from './sql-bytes.ts';
import {
  BLANK,
  CLOSE,
  COMMA,
  DOT,
  NAME,
  NUMBER,
  OPEN,
  OPERATOR,
  PARAMETER,
  PUNCTUATION,
  QUOTED_NAME,
  SEMICOLON,
  SIGN,
  STRING,
  TILDE_OPERATOR,
} from './token-types.ts';

export const QUOTE = 39;
export const NAME_QUOTE = 34;
const DOLLAR = 36;
export const POINT = 46;
const STAR = 42;
const MINUS = 45;
const PLUS = 43;
const SLASH = 47;
const BACKSLASH = 92;
const UNDERSCORE = 95;
const COLON = 58;
const EQUALS = 61;
const SPACE = 32;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

const PUNCTUATION_TYPES: Readonly<Record<string, number>> = {
  '"': QUOTED_NAME,
  "'": STRING,
  $: PARAMETER,
  '.': DOT,
  '(': OPEN,
  '[': OPEN,
  ')': CLOSE,
  ']': CLOSE,
  ',': COMMA,
  ';': SEMICOLON,
  '+': SIGN,
  '-': SIGN,
  '~': TILDE_OPERATOR,
  '!': TILDE_OPERATOR,
};

const OPERATOR_CHARS = '+-*/<>=~!@#%^&|`?';
/** An operator that holds one of these may end in a sign. */
const MAY_PRECEDE_SIGN = '~!@#%^&|`?';

const isLowerCase = (code: number): boolean => code >= 97 && code <= 122;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isUpperCase = (code: number): boolean => code >= 65 && code <= 90;
const isHexDigit = (code: number): boolean => isDigit(code) || ((code | 32) >= 97 && (code | 32) <= 102);
const isSign = (code: number): boolean => code === PLUS || code === MINUS;

/** The type of a token that begins with a byte, if no more than this byte is looked at. Everything beyond ASCII is a letter, as in the server. */
export const TYPES_BY_BYTE = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === SPACE || (code >= 9 && code <= 13)) return BLANK;
  if (isDigit(code)) return NUMBER;
  if (isUpperCase(code) || isLowerCase(code) || code === UNDERSCORE || code >= 128) return NAME;
  const char = String.fromCharCode(code);
  return PUNCTUATION_TYPES[char] ?? (OPERATOR_CHARS.includes(char) ? OPERATOR : PUNCTUATION);
});

/** Of a byte that goes on with a word: its lower case, as far as the server does not tell the two apart. 0 = it does not go on. */
export const LETTERS = TYPES_BY_BYTE.map((kind, code) => {
  if (isUpperCase(code)) return code | 32;
  return kind === NAME || kind === NUMBER || code === DOLLAR ? code : 0;
});

const PRECEDES_SIGN = TYPES_BY_BYTE.map((_, code) =>
  Number(code < 128 && MAY_PRECEDE_SIGN.includes(String.fromCharCode(code))),
);

const typeAt = (bytes: Uint8Array, at: number): number | undefined => TYPES_BY_BYTE[byteAt(bytes, at)];

const isOperator = (type: number | undefined): boolean => type === OPERATOR || type === SIGN || type === TILDE_OPERATOR;
export const isOperatorAt = (bytes: Uint8Array, at: number): boolean => isOperator(typeAt(bytes, at));
export const isDigitAt = (bytes: Uint8Array, at: number): boolean => typeAt(bytes, at) === NUMBER;
const isWordAt = (bytes: Uint8Array, at: number): boolean => LETTERS[byteAt(bytes, at)] !== 0;

export const startsComment = (bytes: Uint8Array, at: number): boolean => {
  const code = byteAt(bytes, at);
  if (code === MINUS) return byteAt(bytes, at + 1) === MINUS;
  return code === SLASH && byteAt(bytes, at + 1) === STAR;
};

/** `at` is the first `-`. */
const endOfLineComment = (sql: SqlBytes, at: number): number => {
  const { bytes, length } = sql;
  let end = at + 2;
  for (; end < length; end += 1) {
    const code = byteAt(bytes, end);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) return end;
  }
  return end;
};

/** Block comments nest. `at` is the first `/`. */
const endOfBlockComment = (sql: SqlBytes, at: number): number => {
  const { bytes, length } = sql;
  let depth = 1;
  for (let end = at + 2; end < length; end += 1) {
    const code = byteAt(bytes, end);
    if (code === STAR && byteAt(bytes, end + 1) === SLASH) {
      depth -= 1;
      end += 1;
      if (depth === 0) return end + 1;
    } else if (code === SLASH && byteAt(bytes, end + 1) === STAR) {
      depth += 1;
      end += 1;
    }
  }
  return length;
};

/** The position behind blanks and comments. */
export const endOfBlanks = (sql: SqlBytes, from: number): number => {
  const { bytes, length } = sql;
  let at = from;
  while (at < length) {
    if (typeAt(bytes, at) === BLANK) at += 1;
    else if (!startsComment(bytes, at)) return at;
    else if (byteAt(bytes, at) === MINUS) at = endOfLineComment(sql, at);
    else at = endOfBlockComment(sql, at);
  }
  return at;
};

/** Behind the closing quote, which is doubled where it is meant. `from` is the first byte inside. */
export const endOfQuoted = (sql: SqlBytes, from: number, quote: number): number => {
  const { bytes, length } = sql;
  let at = from;
  while (at < length) {
    if (byteAt(bytes, at) !== quote) at += 1;
    else if (byteAt(bytes, at + 1) === quote) at += 2;
    else return at + 1;
  }
  return length;
};

const endOfEscaped = (sql: SqlBytes, from: number): number => {
  const { bytes, length } = sql;
  let at = from;
  while (at < length) {
    const code = byteAt(bytes, at);
    if (code === BACKSLASH) at += 2;
    else if (code !== QUOTE) at += 1;
    else if (byteAt(bytes, at + 1) === QUOTE) at += 2;
    else return at + 1;
  }
  return length;
};

/** A string goes on in the next quotes where only blanks with a line break, and line comments, stand between. */
const continuation = (sql: SqlBytes, from: number): number | undefined => {
  const { bytes, length } = sql;
  let hasLineBreak = false;
  for (let at = from; at < length;) {
    const code = byteAt(bytes, at);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) hasLineBreak = true;
    if (typeAt(bytes, at) === BLANK) at += 1;
    else if (code === MINUS && startsComment(bytes, at)) at = endOfLineComment(sql, at);
    else return hasLineBreak && code === QUOTE ? at : undefined;
  }
  return undefined;
};

/** Behind a string with all its continuations. `from` is the first byte inside; `escapes` as in `E'…'`. */
export const endOfString = (sql: SqlBytes, from: number, escapes: boolean): number => {
  let end = escapes ? endOfEscaped(sql, from) : endOfQuoted(sql, from, QUOTE);
  for (let next = continuation(sql, end); next !== undefined; next = continuation(sql, end))
    end = escapes ? endOfEscaped(sql, next + 1) : endOfQuoted(sql, next + 1, QUOTE);
  return end;
};

/** The length of the `$tag$` at a `$` with no digit behind it; 0 if none is there. */
export const dollarTagLength = (bytes: Uint8Array, at: number): number => {
  let end = at + 1;
  while (byteAt(bytes, end) !== DOLLAR && isWordAt(bytes, end)) end += 1;
  return byteAt(bytes, end) === DOLLAR ? end + 1 - at : 0;
};

/** The first byte inside the quotes of the string that begins at `start`. */
export const contentOf = (bytes: Uint8Array, start: number): number => {
  const code = byteAt(bytes, start);
  if (code === QUOTE) return start + 1;
  if (code === DOLLAR) return start + dollarTagLength(bytes, start);
  return byteAt(bytes, start + 1) === QUOTE ? start + 2 : start + 3;
};

/** Behind the second `$tag$`. A tag holds no `$`, so a failed comparison never has to go back. */
export const endOfDollarQuoted = (sql: SqlBytes, at: number, tagLength: number): number => {
  const { bytes, length } = sql;
  let from = at + tagLength;
  while (from < length) {
    let matched = 0;
    while (matched < tagLength && byteAt(bytes, from + matched) === byteAt(bytes, at + matched)) matched += 1;
    if (matched === tagLength) return from + tagLength;
    from += Math.max(1, matched);
  }
  return length;
};

const endOfDigits = (bytes: Uint8Array, from: number, isPart: (code: number) => boolean = isDigit): number => {
  let at = from;
  for (;;) {
    const code = byteAt(bytes, at);
    if (!isPart(code) && !(code === UNDERSCORE && isPart(byteAt(bytes, at + 1)))) return at;
    at += 1;
  }
};

/** `::`, `:=` and `..` are one. */
export const endOfPunctuation = (bytes: Uint8Array, at: number): number => {
  const code = byteAt(bytes, at);
  if (code !== COLON && code !== POINT) return at + 1;
  const next = byteAt(bytes, at + 1);
  return next === code || (code === COLON && next === EQUALS) ? at + 2 : at + 1;
};

/** x, o and b, in lower case. */
const RADIX_LETTERS: ReadonlySet<number> = new Set([120, 111, 98]);

/** Decimal with fraction and exponent, or `0x…`, `0o…`, `0b…`. */
export const endOfNumber = (bytes: Uint8Array, from: number): number => {
  let end = from;
  while (isDigitAt(bytes, end)) end += 1;
  return isWordAt(bytes, end) || byteAt(bytes, end) === POINT ? endOfLongNumber(bytes, from) : end;
};

const endOfLongNumber = (bytes: Uint8Array, from: number): number => {
  if (byteAt(bytes, from) === 48 && RADIX_LETTERS.has(byteAt(bytes, from + 1) | 32)) {
    const digits = byteAt(bytes, from + 2) === UNDERSCORE ? from + 3 : from + 2;
    if (isHexDigit(byteAt(bytes, digits))) return endOfDigits(bytes, digits, isHexDigit);
  }
  let end = endOfDigits(bytes, from);
  if (byteAt(bytes, end) === POINT && byteAt(bytes, end + 1) !== POINT) end = endOfDigits(bytes, end + 1);
  if ((byteAt(bytes, end) | 32) !== 101) return end;
  const digits = isSign(byteAt(bytes, end + 1)) ? end + 2 : end + 1;
  return isDigit(byteAt(bytes, digits)) ? endOfDigits(bytes, digits) : end;
};

/**
 * Where the operator at `from` ends, and where the run of operator characters does that it was cut from: an operator of several characters
 * ends in a sign only if it holds one of `~!@#%^&|`?`. The signs that are cut off are operators of one character each.
 */
export const operatorAt = (bytes: Uint8Array, from: number): { readonly end: number; readonly runEnd: number } => {
  let runEnd = from;
  let mayEndInSign = false;
  do {
    mayEndInSign ||= PRECEDES_SIGN[byteAt(bytes, runEnd)] === 1;
    runEnd += 1;
  } while (isOperatorAt(bytes, runEnd) && !startsComment(bytes, runEnd));
  if (mayEndInSign) return { end: runEnd, runEnd };
  let end = runEnd;
  while (end > from + 1 && isSign(byteAt(bytes, end - 1))) end -= 1;
  return { end, runEnd };
};
