/**
 * Where the lexical elements of PostgreSQL end (documentation, chapter 4.1), byte by byte and without regular expressions.
 *
 * Linear: each function moves forward, looks at most one byte ahead of where it stops, and reads no byte more than twice. An element
 * that is not closed reaches to the end of the text; the server refuses such a text. Strings are read as with
 * `standard_conforming_strings`, the default of every server since 9.1.
 */
import { byteAt, type SqlBytes } from './sql-bytes.ts';

export const QUOTE = 39;
export const NAME_QUOTE = 34;
export const DOLLAR = 36;
export const DOT = 46;
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

/** What an element that begins with a byte can be. */
const OTHER = 0;
export const BLANK = 1;
export const WORD = 2;
export const DIGIT = 3;
export const OPERATOR = 4;
/** Punctuation of one character, whatever follows. */
export const SINGLE = 5;

const SINGLE_CHARS = '()[],;';

const OPERATOR_CHARS = '+-*/<>=~!@#%^&|`?';
/** An operator that holds one of these may end in a sign. */
const MAY_PRECEDE_SIGN = '~!@#%^&|`?';

const isLowerCase = (code: number): boolean => code >= 97 && code <= 122;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isUpperCase = (code: number): boolean => code >= 65 && code <= 90;
const isHexDigit = (code: number): boolean => isDigit(code) || ((code | 32) >= 97 && (code | 32) <= 102);
const isSign = (code: number): boolean => code === PLUS || code === MINUS;

/** Everything beyond ASCII is a letter, as in the server. */
export const CLASSES = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === SPACE || (code >= 9 && code <= 13)) return BLANK;
  if (isDigit(code)) return DIGIT;
  if (isUpperCase(code) || isLowerCase(code) || code === UNDERSCORE || code >= 128) return WORD;
  const char = String.fromCharCode(code);
  if (SINGLE_CHARS.includes(char)) return SINGLE;
  return OPERATOR_CHARS.includes(char) ? OPERATOR : OTHER;
});

/** Of a byte that goes on with a word: its lower case, as far as the server does not tell the two apart. 0 = it does not go on. */
export const LETTERS = CLASSES.map((kind, code) => {
  if (isUpperCase(code)) return code | 32;
  return kind === WORD || kind === DIGIT || code === DOLLAR ? code : 0;
});

const PRECEDES_SIGN = CLASSES.map((_, code) =>
  Number(code < 128 && MAY_PRECEDE_SIGN.includes(String.fromCharCode(code))),
);

const classAt = (sql: SqlBytes, at: number): number | undefined => CLASSES[byteAt(sql, at)];

export const isDigitAt = (sql: SqlBytes, at: number): boolean => classAt(sql, at) === DIGIT;
export const isOperatorAt = (sql: SqlBytes, at: number): boolean => classAt(sql, at) === OPERATOR;
const isWordAt = (sql: SqlBytes, at: number): boolean => LETTERS[byteAt(sql, at)] !== 0;

export const startsComment = (sql: SqlBytes, at: number): boolean => {
  const code = byteAt(sql, at);
  if (code === MINUS) return byteAt(sql, at + 1) === MINUS;
  return code === SLASH && byteAt(sql, at + 1) === STAR;
};

/** `at` is the first `-`. */
const endOfLineComment = (sql: SqlBytes, at: number): number => {
  let end = at + 2;
  for (; end < sql.length; end += 1) {
    const code = byteAt(sql, end);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) return end;
  }
  return end;
};

/** Block comments nest. `at` is the first `/`. */
const endOfBlockComment = (sql: SqlBytes, at: number): number => {
  let depth = 1;
  for (let end = at + 2; end < sql.length; end += 1) {
    const code = byteAt(sql, end);
    if (code === STAR && byteAt(sql, end + 1) === SLASH) {
      depth -= 1;
      end += 1;
      if (depth === 0) return end + 1;
    } else if (code === SLASH && byteAt(sql, end + 1) === STAR) {
      depth += 1;
      end += 1;
    }
  }
  return sql.length;
};

/** The position behind blanks and comments. */
export const endOfBlanks = (sql: SqlBytes, from: number): number => {
  let at = from;
  while (at < sql.length) {
    if (classAt(sql, at) === BLANK) at += 1;
    else if (!startsComment(sql, at)) return at;
    else if (byteAt(sql, at) === MINUS) at = endOfLineComment(sql, at);
    else at = endOfBlockComment(sql, at);
  }
  return at;
};

/** Behind the closing quote, which is doubled where it is meant. `from` is the first byte inside. */
export const endOfQuoted = (sql: SqlBytes, from: number, quote: number): number => {
  let at = from;
  while (at < sql.length) {
    if (byteAt(sql, at) !== quote) at += 1;
    else if (byteAt(sql, at + 1) === quote) at += 2;
    else return at + 1;
  }
  return sql.length;
};

const endOfEscaped = (sql: SqlBytes, from: number): number => {
  let at = from;
  while (at < sql.length) {
    const code = byteAt(sql, at);
    if (code === BACKSLASH) at += 2;
    else if (code !== QUOTE) at += 1;
    else if (byteAt(sql, at + 1) === QUOTE) at += 2;
    else return at + 1;
  }
  return sql.length;
};

/** A string goes on in the next quotes where only blanks with a line break, and line comments, stand between. */
const continuation = (sql: SqlBytes, from: number): number | undefined => {
  let hasLineBreak = false;
  for (let at = from; at < sql.length;) {
    const code = byteAt(sql, at);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) hasLineBreak = true;
    if (classAt(sql, at) === BLANK) at += 1;
    else if (code === MINUS && startsComment(sql, at)) at = endOfLineComment(sql, at);
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
export const dollarTagLength = (sql: SqlBytes, at: number): number => {
  let end = at + 1;
  while (byteAt(sql, end) !== DOLLAR && isWordAt(sql, end)) end += 1;
  return byteAt(sql, end) === DOLLAR ? end + 1 - at : 0;
};

/** Behind the second `$tag$`. A tag holds no `$`, so a failed comparison never has to go back. */
export const endOfDollarQuoted = (sql: SqlBytes, at: number, tagLength: number): number => {
  let from = at + tagLength;
  while (from < sql.length) {
    let matched = 0;
    while (matched < tagLength && byteAt(sql, from + matched) === byteAt(sql, at + matched)) matched += 1;
    if (matched === tagLength) return from + tagLength;
    from += Math.max(1, matched);
  }
  return sql.length;
};

const endOfDigits = (sql: SqlBytes, from: number, isPart: (code: number) => boolean = isDigit): number => {
  let at = from;
  for (;;) {
    const code = byteAt(sql, at);
    if (!isPart(code) && !(code === UNDERSCORE && isPart(byteAt(sql, at + 1)))) return at;
    at += 1;
  }
};

/** `::`, `:=` and `..` are one. */
export const endOfPunctuation = (sql: SqlBytes, at: number): number => {
  const code = byteAt(sql, at);
  if (code !== COLON && code !== DOT) return at + 1;
  const next = byteAt(sql, at + 1);
  return next === code || (code === COLON && next === EQUALS) ? at + 2 : at + 1;
};

/** x, o and b, in lower case. */
const RADIX_LETTERS: ReadonlySet<number> = new Set([120, 111, 98]);

/** Decimal with fraction and exponent, or `0x…`, `0o…`, `0b…`. */
export const endOfNumber = (sql: SqlBytes, from: number): number => {
  let end = from;
  while (isDigitAt(sql, end)) end += 1;
  return isWordAt(sql, end) || byteAt(sql, end) === DOT ? endOfLongNumber(sql, from) : end;
};

const endOfLongNumber = (sql: SqlBytes, from: number): number => {
  if (byteAt(sql, from) === 48 && RADIX_LETTERS.has(byteAt(sql, from + 1) | 32)) {
    const digits = byteAt(sql, from + 2) === UNDERSCORE ? from + 3 : from + 2;
    if (isHexDigit(byteAt(sql, digits))) return endOfDigits(sql, digits, isHexDigit);
  }
  let end = endOfDigits(sql, from);
  if (byteAt(sql, end) === DOT && byteAt(sql, end + 1) !== DOT) end = endOfDigits(sql, end + 1);
  if ((byteAt(sql, end) | 32) !== 101) return end;
  const digits = isSign(byteAt(sql, end + 1)) ? end + 2 : end + 1;
  return isDigit(byteAt(sql, digits)) ? endOfDigits(sql, digits) : end;
};

/**
 * Where the operator at `from` ends, and where the run of operator characters does that it was cut from: an operator of several characters
 * ends in a sign only if it holds one of `~!@#%^&|`?`. The signs that are cut off are operators of one character each.
 */
export const operatorAt = (sql: SqlBytes, from: number): { readonly end: number; readonly runEnd: number } => {
  let runEnd = from;
  let mayEndInSign = false;
  do {
    mayEndInSign ||= PRECEDES_SIGN[byteAt(sql, runEnd)] === 1;
    runEnd += 1;
  } while (isOperatorAt(sql, runEnd) && !startsComment(sql, runEnd));
  if (mayEndInSign) return { end: runEnd, runEnd };
  let end = runEnd;
  while (end > from + 1 && isSign(byteAt(sql, end - 1))) end -= 1;
  return { end, runEnd };
};
