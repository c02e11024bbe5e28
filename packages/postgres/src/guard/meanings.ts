/** What the syntax makes of a token, as the bits of a number: by its type, since all that are not keywords are alike. */
import { type Keyword, typeOf } from './keywords.ts';
import {
  CLOSE,
  COMMA,
  DOT,
  END,
  FIRST_KEYWORD,
  OPEN,
  OPERATOR,
  PUNCTUATION,
  SEMICOLON,
  SIGN,
  TILDE_OPERATOR,
  TYPES,
} from './token-types.ts';

/** UNION and its kin. */
export const IS_SET_OPERATOR = 1;
export const IS_LIKE = 2;
/** A function that costs. */
export const IS_EXPENSIVE = 4;
/** A function that changes the session. */
export const CHANGES_SESSION = 8;
/** A table may have this name without quotes. */
export const IS_TABLE_NAME = 16;
export const IS_WRITE = 32;
/** Its rows go to the caller; first in a parenthesis, it makes a query of it. */
export const IS_QUERY = 64;
export const ENDS_FROM = 128;
/** Between FROM and a table. */
export const PRECEDES_TABLE = 256;
/** Between UNION and its right side. */
export const PRECEDES_OPERAND = 512;
/** Between LIKE and its pattern. */
export const PRECEDES_PATTERN = 1_024;
/** In front of a parenthesis or bracket with a list. */
export const PRECEDES_LIST = 2_048;
/** Rows follow. */
export const PRECEDES_ROWS = 4_096;
/** A sign behind it belongs to a number; behind all others, names among them, it is an operator between two values. */
export const PRECEDES_VALUE = 8_192;
/** What follows is the beginning of a statement, or of what stands in a parenthesis. */
export const IS_BEGINNING = 16_384;
/** Nothing follows from it for the structure of a statement, unless something is expected. */
export const IS_PLAIN = 32_768;

const NOT_PLAIN: ReadonlySet<number> = new Set([OPEN, CLOSE, COMMA, SEMICOLON, TILDE_OPERATOR]);

const OF_TYPES: readonly (readonly [meaning: number, types: readonly number[]])[] = [
  [IS_BEGINNING, [END, OPEN, SEMICOLON]],
  [PRECEDES_VALUE, [END, OPERATOR, SIGN, TILDE_OPERATOR, PUNCTUATION, DOT, OPEN, COMMA, SEMICOLON]],
];

const OF_KEYWORDS: readonly (readonly [meaning: number, words: readonly Keyword[]])[] = [
  [IS_SET_OPERATOR, ['union', 'intersect', 'except']],
  [IS_LIKE, ['like', 'ilike']],
  [IS_EXPENSIVE, ['array_agg', 'string_agg', 'generate_series']],
  [CHANGES_SESSION, ['set_config', 'pg_advisory_lock', 'pg_advisory_lock_shared']],
  [CHANGES_SESSION, ['pg_try_advisory_lock', 'pg_try_advisory_lock_shared']],
  [
    IS_TABLE_NAME,
    ['comment', 'copy', 'call', 'show', 'explain', 'prepare', 'alter', 'drop', 'set', 'reset', 'discard'],
  ],
  [IS_TABLE_NAME, ['listen', 'unlisten', 'load', 'deallocate', 'declare', 'begin', 'start', 'commit', 'rollback']],
  [IS_TABLE_NAME, ['abort', 'savepoint', 'release', 'transaction', 'update', 'delete', 'insert', 'merge', 'truncate']],
  [IS_TABLE_NAME, ['recursive', 'local', 'temp', 'temporary', 'revoke', 'by']],
  [IS_WRITE, ['insert', 'update', 'delete', 'merge']],
  [IS_QUERY, ['select', 'with', 'values', 'table']],
  [ENDS_FROM, ['where', 'group', 'having', 'window', 'order', 'limit', 'offset', 'fetch', 'for', 'returning']],
  [ENDS_FROM, ['union', 'intersect', 'except', 'select', 'set']],
  [PRECEDES_TABLE, ['only', 'lateral', 'if', 'not', 'exists', 'concurrently', 'table']],
  [PRECEDES_OPERAND, ['all', 'distinct']],
  [PRECEDES_PATTERN, ['any', 'some', 'all', 'array']],
  [PRECEDES_LIST, ['in', 'array']],
  [PRECEDES_ROWS, ['values']],
  [PRECEDES_VALUE, ['select', 'distinct', 'all', 'where', 'and', 'or', 'not', 'on', 'having', 'by', 'limit', 'offset']],
  [PRECEDES_VALUE, ['when', 'then', 'else', 'case', 'between', 'returning', 'set', 'fetch', 'as']],
  [IS_PLAIN, ['and', 'or', 'not', 'on', 'by', 'in', 'using', 'between', 'when', 'then', 'else', 'case', 'array']],
];

/** By type. Filled by the first call of {@link learnMeanings}. */
const MEANINGS: number[] = Array.from({ length: TYPES }, () => 0);

export const meaningOf = (type: number): number => MEANINGS[type] ?? 0;

let isFilled = false;

export const learnMeanings = (): void => {
  if (isFilled) return;
  isFilled = true;
  const add = (type: number, meaning: number): void => void (MEANINGS[type] = meaningOf(type) | meaning);
  for (let type = 0; type < FIRST_KEYWORD; type += 1) if (!NOT_PLAIN.has(type)) add(type, IS_PLAIN);
  for (const [meaning, types] of OF_TYPES) for (const type of types) add(type, meaning);
  for (const [meaning, words] of OF_KEYWORDS) for (const word of words) add(typeOf(word), meaning);
};
