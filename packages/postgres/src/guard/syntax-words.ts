// Words of the syntax by what they mean to the structure of a statement.
import type { Keyword } from './keywords.ts';

export const EXPENSIVE: ReadonlySet<Keyword> = new Set(['array_agg', 'string_agg', 'generate_series']);
export const SESSION_FUNCTIONS: ReadonlySet<Keyword> = new Set([
  'set_config',
  'pg_advisory_lock',
  'pg_advisory_lock_shared',
  'pg_try_advisory_lock',
  'pg_try_advisory_lock_shared',
]);
export const WRITES: ReadonlySet<Keyword> = new Set(['insert', 'update', 'delete', 'merge']);
export const END_OF_FROM: ReadonlySet<Keyword> = new Set([
  ...(['where', 'group', 'having', 'window', 'order', 'limit', 'offset', 'fetch', 'for', 'returning'] as const),
  ...(['union', 'intersect', 'except', 'select', 'set'] as const),
]);

/** Between LIKE and its pattern. */
export const BEFORE_PATTERN: ReadonlySet<Keyword> = new Set(['any', 'some', 'all', 'array']);
/** Between FROM and a table. */
export const BEFORE_TABLE: ReadonlySet<Keyword> = new Set([
  'only',
  'lateral',
  'if',
  'not',
  'exists',
  'concurrently',
  'table',
]);
/** Words that a table may be named without quotes. */
export const TABLE_NAMES: ReadonlySet<Keyword> = new Set([
  ...(['comment', 'copy', 'call', 'show', 'explain', 'prepare', 'alter', 'drop', 'set', 'reset', 'discard'] as const),
  ...(['listen', 'unlisten', 'load', 'deallocate', 'declare', 'begin', 'start', 'commit', 'rollback'] as const),
  ...(['abort', 'savepoint', 'release', 'transaction', 'update', 'delete', 'insert', 'merge', 'truncate'] as const),
  ...(['recursive', 'local', 'temp', 'temporary', 'revoke', 'by'] as const),
]);
export const SET_OPERATORS: ReadonlySet<Keyword> = new Set(['union', 'intersect', 'except']);
/** Their rows go to the caller; with one of these first, `IN (…)` holds a query. */
export const QUERIES: ReadonlySet<Keyword> = new Set(['select', 'with', 'values', 'table']);
/** Behind these a sign belongs to the number that follows; behind all others, names among them, it is an operator between two values. */
export const BEFORE_VALUE: ReadonlySet<Keyword> = new Set([
  ...(['select', 'distinct', 'all', 'where', 'and', 'or', 'not', 'on', 'having', 'by', 'limit', 'offset'] as const),
  ...(['when', 'then', 'else', 'case', 'between', 'returning', 'set', 'fetch', 'as'] as const),
]);
