/**
 * SQL text → batches of tokens, without allocation. Blanks and comments are dropped.
 *
 * Invariants: tokens do not overlap and come in order; together with blanks and comments they cover the text. The cost is linear in the length of the
 * text, whatever stands in it: each byte is read a constant number of times (`lexical.ts`), and the signs behind an operator, which would be
 * read again for each of them, are remembered.
 */
import { learnKeywords, wordType } from './keyword-table.ts';
import {
  dollarTagLength,
  endOfBlanks,
  endOfDollarQuoted,
  endOfNumber,
  endOfPunctuation,
  endOfQuoted,
  endOfString,
  isDigitAt,
  isOperatorAt,
  LETTERS,
  NAME_QUOTE,
  operatorAt,
  QUOTE,
  startsComment,
  TYPES_BY_BYTE,
} from './lexical.ts';
import { byteAt, NO_SQL, type SqlBytes } from './sql-bytes.ts';
import * as textHash from './text-hash.ts';
import * as tokenTypes from './token-types.ts';
import * as layout from './tokens.ts';

// V8 makes constants of what belongs to the module itself, not of what it imports.
const {
  BLANK,
  DOT,
  END,
  NAME,
  NUMBER,
  OPEN,
  OPERATOR,
  PARAMETER,
  PUNCTUATION,
  QUOTED_NAME,
  SIGN,
  STRING,
  TILDE_OPERATOR,
} = tokenTypes;
const { BATCH, FIELDS, FIRST, SECOND, START, STOP, tokens, TYPE } = layout;
const { FIRST_BASIS, firstAfter, SECOND_BASIS, secondAfter } = textHash;
const { fields } = tokens;
const typesByByte = TYPES_BY_BYTE;
const letters = LETTERS;
const LAST = BATCH * FIELDS;

const AMPERSAND = 38;
const ZERO = 48;
const ESCAPED = 101;
const UNICODE = 117;
/** b, e, n, x: with a quote directly behind they begin a string. */
const STRING_PREFIXES: ReadonlySet<number> = new Set([98, ESCAPED, 110, 120]);
const MAX_PARAMETER = 999_999_999;
/** The hash of every value: no byte, since an operator of one character has its byte for one. */
const VALUE = 256;

/** A dot between names, or an operator of one character: by its type, and by what stands behind it. */
const standsAlone = (type: number, bytes: Uint8Array, behind: number): boolean =>
  type === DOT
    ? typesByByte[byteAt(bytes, behind)] === NAME
    : type >= OPERATOR && type <= TILDE_OPERATOR && !isOperatorAt(bytes, behind);

/** Its methods are `private` and not `#`: V8 checks the brand at each call of the latter, which is 12 to 15 % of the time here. */
export class Tokenizer {
  /** The highest `$n` so far; 999 999 999 for all that are higher, which no server takes. */
  params = 0;
  /** What `readOther` found. */
  #type = END;
  #at = 0;
  #signsUntil = 0;
  #isFirst = true;

  constructor() {
    learnKeywords();
  }

  begin(sql: SqlBytes): void {
    tokens.sql = sql;
    this.params = 0;
    this.#at = 0;
    this.#signsUntil = 0;
    this.#isFirst = true;
  }

  /** Lets go of the text. */
  end(): void {
    tokens.sql = NO_SQL;
  }

  /** The next batch. Not to be called behind the last one. */
  // oxlint-disable-next-line complexity -- the loop over all bytes: what nearly all of them are is dealt with in place
  read(): void {
    const { bytes, length: size } = tokens.sql;
    const length = size | 0;
    let token = this.takeNext() | 0;
    let at = this.#at | 0;
    while (token <= LAST && at < length) {
      const start = at;
      const code = byteAt(bytes, at);
      let type = typesByByte[code];
      at += 1;
      if (type === undefined || type === BLANK) continue;
      fields[token + START] = start;
      let first = code;
      let second = code;
      if (type === NAME) {
        first = FIRST_BASIS | 0;
        second = SECOND_BASIS | 0;
        for (at = start; ; at += 1) {
          const letter = letters[bytes[at] ?? 0];
          if (letter === undefined || letter === 0) break;
          first = firstAfter(first, letter);
          second = secondAfter(second, letter);
        }
        fields[token + STOP] = at;
        type = wordType(first, token) | 0;
        if (at === start + 1 && (bytes[at] === QUOTE || bytes[at] === AMPERSAND)) {
          at = this.readPrefixed(code | 32, at) | 0;
          type = this.#type | 0;
        }
      } else if (type < OPEN && !standsAlone(type, bytes, at)) {
        at = this.readOther(type, start) | 0;
        type = this.#type | 0;
        if (type === BLANK) continue;
      }
      const verbatimFrom = type > PARAMETER && type < OPEN ? start + 1 : at;
      if (type >= STRING && type <= PARAMETER) first = second = VALUE;
      for (let next = verbatimFrom; next < at; next += 1) {
        first = firstAfter(first, byteAt(bytes, next));
        second = secondAfter(second, byteAt(bytes, next));
      }
      fields[token + TYPE] = type;
      fields[token + STOP] = at;
      fields[token + FIRST] = first;
      fields[token + SECOND] = second;
      token += FIELDS;
    }
    this.#at = at;
    this.finish(token);
  }

  /** Puts the token behind the last batch in front of this one. */
  private takeNext(): number {
    if (this.#isFirst) {
      this.#isFirst = false;
      return 0;
    }
    fields.copyWithin(0, tokens.count * FIELDS, (tokens.count + 1) * FIELDS);
    return FIELDS;
  }

  private finish(token: number): void {
    const { length } = tokens.sql;
    tokens.count = Math.min(token / FIELDS, BATCH);
    if (token > LAST) return;
    fields[token + TYPE] = END;
    fields[token + START] = length;
    fields[token + STOP] = length;
  }

  private found(type: number, end: number): number {
    this.#type = type;
    return end;
  }

  /** Behind a single letter: the end of the string or name that it is the prefix of, or else its own. */
  private readPrefixed(letter: number, end: number): number {
    const { sql } = tokens;
    const { bytes } = sql;
    const next = byteAt(bytes, end);
    if (next === QUOTE && STRING_PREFIXES.has(letter))
      return this.found(STRING, endOfString(sql, end + 1, letter === ESCAPED));
    const quote = byteAt(bytes, end + 1);
    if (next !== AMPERSAND || letter !== UNICODE) return this.found(NAME, end);
    if (quote === QUOTE) return this.found(STRING, endOfString(sql, end + 2, false));
    return quote === NAME_QUOTE
      ? this.found(QUOTED_NAME, endOfQuoted(sql, end + 2, NAME_QUOTE))
      : this.found(NAME, end);
  }

  /** What begins with no letter, no parenthesis or bracket, no comma and no semicolon. */
  private readOther(type: number, at: number): number {
    const { sql } = tokens;
    const { bytes } = sql;
    switch (type) {
      case NUMBER:
        return this.found(NUMBER, endOfNumber(bytes, at));
      case STRING:
        return this.found(STRING, endOfString(sql, at + 1, false));
      case PARAMETER:
        return this.readDollar(at);
      case QUOTED_NAME:
        return this.found(QUOTED_NAME, endOfQuoted(sql, at + 1, NAME_QUOTE));
      case DOT:
        return isDigitAt(bytes, at + 1)
          ? this.found(NUMBER, endOfNumber(bytes, at))
          : this.found(DOT, endOfPunctuation(bytes, at));
      case PUNCTUATION:
        return this.found(PUNCTUATION, endOfPunctuation(bytes, at));
      default:
        return this.readOperator(type, at);
    }
  }

  private readOperator(type: number, at: number): number {
    const { sql } = tokens;
    const { bytes } = sql;
    if (at < this.#signsUntil || !isOperatorAt(bytes, at + 1)) return this.found(type, at + 1);
    if (startsComment(bytes, at)) return this.found(BLANK, endOfBlanks(sql, at));
    const { end, runEnd } = operatorAt(bytes, at);
    this.#signsUntil = runEnd;
    return this.found(type === SIGN && end > at + 1 ? OPERATOR : type, end);
  }

  private readDollar(at: number): number {
    const { sql } = tokens;
    const { bytes } = sql;
    if (isDigitAt(bytes, at + 1)) return this.readParameter(at + 1);
    const tagLength = dollarTagLength(bytes, at);
    return tagLength === 0
      ? this.found(PUNCTUATION, at + 1)
      : this.found(STRING, endOfDollarQuoted(sql, at, tagLength));
  }

  /** Without the separators that other numbers may have. */
  private readParameter(from: number): number {
    const { bytes } = tokens.sql;
    let end = from;
    let number = 0;
    for (; isDigitAt(bytes, end); end += 1) number = Math.min(number * 10 + byteAt(bytes, end) - ZERO, MAX_PARAMETER);
    if (number > this.params) this.params = number;
    return this.found(PARAMETER, end);
  }
}
