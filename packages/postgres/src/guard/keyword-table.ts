/**
 * Finds keywords by the hash of a word and then compares all letters: a name is never taken for one. Filled by the first call of
 * {@link learnKeywords}.
 */
import { KEYWORDS, typeOf } from './keywords.ts';
import { LETTERS } from './lexical.ts';
import { byteAt } from './sql-bytes.ts';
import { FIRST_BASIS, firstAfter } from './text-hash.ts';
import { NAME, TYPES } from './token-types.ts';
import { fieldAt, START, STOP, tokens } from './tokens.ts';

/** A power of two; so many that nearly every name meets an empty place. */
const PLACES = 1_024;
/** Above that of the longest keyword. */
const MAX_LETTERS = 32;

/** For each place that a hash can have: the type of a keyword, or 0. */
const heads = new Uint8Array(PLACES);
/** By the type of a keyword: that of another one that has its place, or 0. */
const nexts = new Uint8Array(TYPES);
const lengths = new Uint8Array(TYPES);
const letters = new Uint8Array(TYPES * MAX_LETTERS);
let isFilled = false;

const placeOf = (hash: number): number => hash & (PLACES - 1);

export const learnKeywords = (): void => {
  if (isFilled) return;
  isFilled = true;
  for (const keyword of KEYWORDS) {
    const type = typeOf(keyword);
    const bytes = Buffer.from(keyword);
    const place = placeOf(bytes.reduce(firstAfter, FIRST_BASIS));
    lengths[type] = bytes.length;
    letters.set(bytes, type * MAX_LETTERS);
    nexts[type] = byteAt(heads, place);
    heads[place] = type;
  }
};

const hasLetters = (type: number, token: number): boolean => {
  const { bytes } = tokens.sql;
  const start = fieldAt(token + START);
  const length = byteAt(lengths, type);
  if (length !== fieldAt(token + STOP) - start) return false;
  const from = type * MAX_LETTERS;
  for (let at = 0; at < length; at += 1) if (letters[from + at] !== LETTERS[byteAt(bytes, start + at)]) return false;
  return true;
};

/** Of the keywords that have a place, from the first one on: the one that the word is. */
const keywordAmong = (first: number, token: number): number => {
  let type = first;
  while (type !== 0 && !hasLetters(type, token)) type = byteAt(nexts, type);
  return type === 0 ? NAME : type;
};

/** The type of a word whose hash is given in its first lane, and whose place in the text is known. */
export const wordType = (hash: number, token: number): number => {
  const type = byteAt(heads, placeOf(hash));
  return type === 0 ? NAME : keywordAmong(type, token);
};
