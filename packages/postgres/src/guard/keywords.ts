/** The words that mean something to the guard. All others are names to it. */
const WORDS = [
  // what a statement does
  ...(['select', 'insert', 'update', 'delete', 'merge', 'values', 'table', 'with', 'copy', 'call', 'do'] as const),
  ...(['show', 'explain', 'analyze', 'fetch', 'truncate', 'prepare', 'create', 'alter', 'drop', 'comment'] as const),
  ...(['grant', 'revoke', 'set', 'reset', 'discard', 'listen', 'unlisten', 'load', 'deallocate', 'declare'] as const),
  ...(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release', 'transaction'] as const),
  // its clauses
  ...(['from', 'join', 'where', 'group', 'having', 'window', 'order', 'limit', 'offset', 'for', 'returning'] as const),
  ...(['into', 'union', 'intersect', 'except', 'all', 'distinct', 'as', 'on', 'using'] as const),
  ...(['recursive', 'like', 'ilike', 'similar', 'in', 'any', 'some', 'array', 'local'] as const),
  ...(['and', 'or', 'when', 'then', 'else', 'case', 'between', 'by'] as const),
  ...(['only', 'lateral', 'if', 'not', 'exists', 'concurrently', 'temp', 'temporary'] as const),
  // functions that cost, or that change the session
  ...(['array_agg', 'string_agg', 'generate_series', 'set_config', 'pg_advisory_lock'] as const),
  ...(['pg_advisory_lock_shared', 'pg_try_advisory_lock', 'pg_try_advisory_lock_shared'] as const),
] as const;

export type Keyword = (typeof WORDS)[number];

/** Words by length and first letter; a place without one rejects nearly all names at the cost of two reads. */
type WordTable = readonly (readonly Keyword[] | undefined)[];

const LETTERS = 26;

const placeOf = (length: number, letter: number): number => length * LETTERS + letter;
/** Sets a letter in lower case; of the other characters of a word no two become equal. */
const folded = (code: number): number => code | 32;
/** From 0; out of the range of the letters for everything else. */
const letterAt = (text: string, at: number): number => folded(text.charCodeAt(at)) - 97;

const buildTable = (): WordTable => {
  const table: Keyword[][] = [];
  for (const word of WORDS) (table[placeOf(word.length, letterAt(word, 0))] ??= []).push(word);
  return table;
};

let table: WordTable | undefined;

const standsAt = (word: Keyword, text: string, start: number): boolean => {
  for (let at = 1; at < word.length; at += 1)
    if (folded(text.charCodeAt(start + at)) !== folded(word.charCodeAt(at))) return false;
  return true;
};

/** The keyword at a place of the text, or nothing where another word stands. The table is built at the first call. */
export const keywordAt = (text: string, start: number, end: number): Keyword | undefined => {
  table ??= buildTable();
  const letter = letterAt(text, start);
  if (letter < 0 || letter >= LETTERS) return undefined;
  const words = table[placeOf(end - start, letter)];
  if (words !== undefined) for (const word of words) if (standsAt(word, text, start)) return word;
  return undefined;
};
