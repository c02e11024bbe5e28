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

/** A table of words that rejects nearly all others by their length and first letter, without cutting them out of the text. */
interface WordTable {
  /** One bit per first letter, by length. */
  readonly firstLetters: readonly number[];
  readonly words: ReadonlyMap<string, Keyword>;
}

const buildTable = (): WordTable => {
  const firstLetters: number[] = [];
  for (const word of WORDS) firstLetters[word.length] = (firstLetters[word.length] ?? 0) | (1 << bitOf(word, 0));
  return { firstLetters, words: new Map(WORDS.map((word) => [word, word])) };
};

const bitOf = (text: string, at: number): number => (text.charCodeAt(at) | 32) - 97;

let table: WordTable | undefined;

/** The keyword at a place of the text, or nothing where another word stands. The table is built at the first call. */
export const keywordAt = (text: string, start: number, end: number): Keyword | undefined => {
  table ??= buildTable();
  const letters = table.firstLetters[end - start] ?? 0;
  const bit = bitOf(text, start);
  if (bit < 0 || bit > 25 || ((letters >>> bit) & 1) === 0) return undefined;
  return table.words.get(text.slice(start, end).toLowerCase());
};
