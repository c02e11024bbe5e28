/**
 * Where the lexical elements of PostgreSQL end (documentation, chapter 4.1), by character codes and without regular expressions.
 *
 * Linear: each function moves forward, looks at most one character ahead of where it stops, and reads no character more than twice. An element
 * that is not closed reaches to the end of the text; the server refuses such a text. Strings are read as with
 * `standard_conforming_strings`, the default of every server since 9.1.
 */

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

export type CharClass = 'other' | 'space' | 'word' | 'digit' | 'operator';

const OPERATOR_CHARS = '+-*/<>=~!@#%^&|`?';
/** An operator that holds one of these may end in a sign. */
const MAY_PRECEDE_SIGN = '~!@#%^&|`?';

let classes: readonly CharClass[] | undefined;

const buildClasses = (): readonly CharClass[] =>
  Array.from({ length: 128 }, (_, code): CharClass => {
    if (code === SPACE || (code >= 9 && code <= 13)) return 'space';
    if (code >= 48 && code <= 57) return 'digit';
    if ((code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === UNDERSCORE) return 'word';
    return OPERATOR_CHARS.includes(String.fromCharCode(code)) ? 'operator' : 'other';
  });

/** Everything beyond ASCII is a letter, as in the server. Behind the end of the text there is `other`. */
export const classOf = (code: number): CharClass => {
  if (code >= 128) return 'word';
  classes ??= buildClasses();
  return classes[code] ?? 'other';
};

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isHexDigit = (code: number): boolean => isDigit(code) || ((code | 32) >= 97 && (code | 32) <= 102);
const isSign = (code: number): boolean => code === PLUS || code === MINUS;

const startsComment = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  if (code === MINUS) return text.charCodeAt(at + 1) === MINUS;
  return code === SLASH && text.charCodeAt(at + 1) === STAR;
};

/** `at` is the first `-`. */
const endOfLineComment = (text: string, at: number): number => {
  let end = at + 2;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) return end;
  }
  return end;
};

/** Block comments nest. `at` is the first `/`. */
const endOfBlockComment = (text: string, at: number): number => {
  let depth = 1;
  for (let end = at + 2; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === STAR && text.charCodeAt(end + 1) === SLASH) {
      depth -= 1;
      end += 1;
      if (depth === 0) return end + 1;
    } else if (code === SLASH && text.charCodeAt(end + 1) === STAR) {
      depth += 1;
      end += 1;
    }
  }
  return text.length;
};

/** The position behind blanks and comments. */
export const endOfBlanks = (text: string, from: number): number => {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === SPACE || classOf(code) === 'space') at += 1;
    else if (!startsComment(text, at)) return at;
    else if (code === MINUS) at = endOfLineComment(text, at);
    else at = endOfBlockComment(text, at);
  }
  return at;
};

let wordChars: Uint8Array | undefined;

/** 1 = goes on with a word. */
const buildWordChars = (): Uint8Array =>
  Uint8Array.from({ length: 128 }, (_, code) => {
    const kind = classOf(code);
    return kind === 'word' || kind === 'digit' || code === DOLLAR ? 1 : 0;
  });

export const endOfWord = (text: string, from: number): number => {
  wordChars ??= buildWordChars();
  let at = from;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 128 && wordChars[code] === 0) return at;
  }
  return at;
};

/** Behind the closing quote, which is doubled where it is meant. `from` is the first character inside. */
export const endOfQuoted = (text: string, from: number, quote: number): number => {
  let at = from;
  while (at < text.length) {
    if (text.charCodeAt(at) !== quote) at += 1;
    else if (text.charCodeAt(at + 1) === quote) at += 2;
    else return at + 1;
  }
  return text.length;
};

const endOfEscaped = (text: string, from: number): number => {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 2;
    else if (code !== QUOTE) at += 1;
    else if (text.charCodeAt(at + 1) === QUOTE) at += 2;
    else return at + 1;
  }
  return text.length;
};

/** A string goes on in the next quotes where only blanks with a line break, and line comments, stand between. */
const continuation = (text: string, from: number): number | undefined => {
  let hasLineBreak = false;
  for (let at = from; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) hasLineBreak = true;
    if (classOf(code) === 'space') at += 1;
    else if (code === MINUS && startsComment(text, at)) at = endOfLineComment(text, at);
    else return hasLineBreak && code === QUOTE ? at : undefined;
  }
  return undefined;
};

/** Behind a string with all its continuations. `from` is the first character inside; `escapes` as in `E'…'`. */
export const endOfString = (text: string, from: number, escapes: boolean): number => {
  let end = escapes ? endOfEscaped(text, from) : endOfQuoted(text, from, QUOTE);
  for (let next = continuation(text, end); next !== undefined; next = continuation(text, end))
    end = escapes ? endOfEscaped(text, next + 1) : endOfQuoted(text, next + 1, QUOTE);
  return end;
};

/** The length of the `$tag$` at a `$`; 0 if none is there. */
export const dollarTagLength = (text: string, at: number): number => {
  let end = at + 1;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === DOLLAR) return end + 1 - at;
    const kind = classOf(code);
    if (kind !== 'word' && (kind !== 'digit' || end === at + 1)) return 0;
  }
  return 0;
};

/** Behind the second `$tag$`. A tag holds no `$`, so a failed comparison never has to go back. */
export const endOfDollarQuoted = (text: string, at: number, tagLength: number): number => {
  let from = at + tagLength;
  while (from < text.length) {
    let matched = 0;
    while (matched < tagLength && text.charCodeAt(from + matched) === text.charCodeAt(at + matched)) matched += 1;
    if (matched === tagLength) return from + tagLength;
    from += Math.max(1, matched);
  }
  return text.length;
};

const endOfDigits = (text: string, from: number, isPart: (code: number) => boolean = isDigit): number => {
  let at = from;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (!isPart(code) && !(code === UNDERSCORE && isPart(text.charCodeAt(at + 1)))) return at;
  }
  return at;
};

/** Without the separators that other numbers may have. */
export const endOfParameter = (text: string, at: number): number => {
  let end = at + 1;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return end;
};

/** `::`, `:=` and `..` are one. */
export const endOfPunctuation = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  if (code !== COLON && code !== DOT) return at + 1;
  const next = text.charCodeAt(at + 1);
  return next === code || (code === COLON && next === EQUALS) ? at + 2 : at + 1;
};

/** Decimal with fraction and exponent, or `0x…`, `0o…`, `0b…`. */
export const endOfNumber = (text: string, from: number): number => {
  if (text.charCodeAt(from) === 48) {
    const radix = text.charAt(from + 1).toLowerCase();
    const digits = text.charCodeAt(from + 2) === UNDERSCORE ? from + 3 : from + 2;
    if ((radix === 'x' || radix === 'o' || radix === 'b') && isHexDigit(text.charCodeAt(digits)))
      return endOfDigits(text, digits, isHexDigit);
  }
  let end = endOfDigits(text, from);
  if (text.charCodeAt(end) === DOT && text.charCodeAt(end + 1) !== DOT) end = endOfDigits(text, end + 1);
  if ((text.charCodeAt(end) | 32) !== 101) return end;
  const digits = isSign(text.charCodeAt(end + 1)) ? end + 2 : end + 1;
  return isDigit(text.charCodeAt(digits)) ? endOfDigits(text, digits) : end;
};

/**
 * Where the operator at `from` ends, and where the run of operator characters does that it was cut from: an operator of several characters
 * ends in a sign only if it holds one of `~!@#%^&|`?`. The signs that are cut off are operators of one character each.
 */
export const operatorAt = (text: string, from: number): { readonly end: number; readonly runEnd: number } => {
  let runEnd = from;
  let mayEndInSign = false;
  while (runEnd < text.length && classOf(text.charCodeAt(runEnd)) === 'operator' && !startsComment(text, runEnd)) {
    mayEndInSign ||= MAY_PRECEDE_SIGN.includes(text.charAt(runEnd));
    runEnd += 1;
  }
  if (mayEndInSign) return { end: runEnd, runEnd };
  let end = runEnd;
  while (end > from + 1 && isSign(text.charCodeAt(end - 1))) end -= 1;
  return { end, runEnd };
};
