import { KEYWORDS, type Keyword } from './keywords.ts';
import {
  BEFORE_PATTERN,
  BEFORE_TABLE,
  BEFORE_VALUE,
  END_OF_FROM,
  EXPENSIVE,
  QUERIES,
  SESSION_FUNCTIONS,
  SET_OPERATORS,
  TABLE_NAMES,
} from './syntax-words.ts';
import { FIRST_BASIS, firstAfter, SECOND_BASIS, secondAfter, type TextHash } from './text-hash.ts';

/** What the syntax makes of a word: of a name, nothing. */
export interface Word extends TextHash {
  /** Empty for a name. */
  readonly keyword: Keyword | '';
  /** Its place among the keywords; -1 for a name. */
  readonly index: number;
  readonly isSetOperator: boolean;
  readonly isLike: boolean;
  /** Behind a dot it means what it does elsewhere. */
  readonly isFunction: boolean;
  /** A function that costs. */
  readonly isExpensive: boolean;
  /** A function that changes the session. */
  readonly changesSession: boolean;
  /** A table may have this name without quotes. */
  readonly isTableName: boolean;
  readonly endsFrom: boolean;
  /** Between FROM and a table. */
  readonly precedesTable: boolean;
  /** Between UNION and its right side. */
  readonly precedesOperand: boolean;
  /** Between LIKE and its pattern. */
  readonly precedesPattern: boolean;
  /** Behind it any word is a name. */
  readonly precedesLabel: boolean;
  /** In front of a parenthesis or bracket with a list. */
  readonly precedesList: boolean;
  /** Rows follow. */
  readonly precedesRows: boolean;
  /** A sign behind it belongs to a number. */
  readonly precedesValue: boolean;
  /** First in a parenthesis, it makes a query of it. */
  readonly beginsQuery: boolean;
}

const hashOf = (text: string): TextHash => {
  let hash = { first: FIRST_BASIS, second: SECOND_BASIS };
  for (const byte of Buffer.from(text))
    hash = { first: firstAfter(hash.first, byte), second: secondAfter(hash.second, byte) };
  return hash;
};

const wordFrom = (keyword: Keyword | ''): Word => {
  const isIn = (words: ReadonlySet<Keyword>): boolean => keyword !== '' && words.has(keyword);
  return {
    ...hashOf(keyword),
    keyword,
    index: keyword === '' ? -1 : KEYWORDS.indexOf(keyword),
    isSetOperator: isIn(SET_OPERATORS),
    isLike: keyword === 'like' || keyword === 'ilike',
    isFunction: isIn(EXPENSIVE) || isIn(SESSION_FUNCTIONS),
    isExpensive: isIn(EXPENSIVE),
    changesSession: isIn(SESSION_FUNCTIONS),
    isTableName: isIn(TABLE_NAMES),
    endsFrom: isIn(END_OF_FROM),
    precedesTable: isIn(BEFORE_TABLE),
    precedesOperand: keyword === 'all' || keyword === 'distinct',
    precedesPattern: isIn(BEFORE_PATTERN),
    precedesLabel: keyword === 'as',
    precedesList: keyword === 'in' || keyword === 'array',
    precedesRows: keyword === 'values',
    precedesValue: isIn(BEFORE_VALUE),
    beginsQuery: isIn(QUERIES),
  };
};

export const NAME = wordFrom('');
/** In place of a word: a dot; nothing, at the beginning of a statement or a parenthesis. */
export const BEHIND_DOT: Word = { ...NAME };
export const BEGINNING: Word = { ...NAME };

/** A power of two; so large that nearly every name meets an empty place. */
const PLACES = 1_024;
type WordTable = readonly (Word | undefined)[];

const placeOf = (first: number): number => first & (PLACES - 1);

/** A keyword whose place is taken gets the next free one. */
const buildTable = (): WordTable => {
  const table: (Word | undefined)[] = Array.from({ length: PLACES }, () => undefined);
  for (const keyword of KEYWORDS) {
    const word = wordFrom(keyword);
    let place = placeOf(word.first);
    while (table[place] !== undefined) place = placeOf(place + 1);
    table[place] = word;
  }
  return table;
};

let table: WordTable | undefined;

/**
 * The word with a hash, which is one of its lower case. The table is built at the first call. A name with the 64 bits of a keyword would be taken for
 * it; somebody who looks for one gains a wrong count of what he could have written himself.
 */
export const wordOf = (first: number, second: number): Word => {
  table ??= buildTable();
  for (let place = placeOf(first); ; place = placeOf(place + 1)) {
    const word = table[place];
    if (word === undefined) return NAME;
    if (word.first === first && word.second === second) return word;
  }
};
