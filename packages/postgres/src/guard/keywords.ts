import { FIRST_KEYWORD } from './token-types.ts';

/** The words that mean something to the guard. All others are names to it. */
export const KEYWORDS = [
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

export type Keyword = (typeof KEYWORDS)[number];

/** The type of its tokens. */
export const typeOf = (keyword: Keyword): number => FIRST_KEYWORD + KEYWORDS.indexOf(keyword);

/** Nothing where the type is that of no keyword. */
export const keywordOf = (type: number): Keyword | undefined => KEYWORDS[type - FIRST_KEYWORD];
