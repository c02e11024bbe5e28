import type { Field, Row } from './pipeline.ts';
import type { BoundStatement, Sql, StatementTraits } from './statement.ts';

export interface QueryOptions extends StatementTraits {
  /** Ends the call: a waiting one leaves the queue, a running statement is cancelled on the server. */
  readonly signal?: AbortSignal;
  /** Budget of the call, waiting for a connection included. Default: `timeouts.queryDeadlineMs`. Unit: ms. */
  readonly deadlineMs?: number;
  /** Names the call in errors, channels and statistics. */
  readonly label?: string;
}

export interface Result<R = Row> {
  readonly rows: R[];
  /** Rows affected, or returned. */
  readonly rowCount: number;
  /** The command tag without its numbers: `INSERT`, `SELECT`, `CREATE TABLE`. */
  readonly command: string;
  readonly fields: readonly Field[];
}

/**
 * Runs one statement: a text with `$n` parameters, one of `defineStatement`, or a template of `sql`, which brings its values along. The row type
 * is the caller's claim about the statement; it is not checked. Several statements in one text are refused by the server.
 */
export interface Queryable {
  query<R extends Row = Row>(statement: Sql<R>, params?: readonly unknown[], o?: QueryOptions): Promise<Result<R>>;
}

/** Of a batch as a whole, and of each read in it. */
export type BatchOptions = Pick<QueryOptions, 'signal' | 'deadlineMs' | 'label' | 'maxRows' | 'guard'>;

/** The shapes of a result that a caller expects; a result of another shape is a {@link RowCountError}. */
export interface Queries extends Queryable {
  /** The one row. */
  one<R extends Row = Row>(statement: Sql<R>, params?: readonly unknown[], o?: QueryOptions): Promise<R>;
  /** The row, or `undefined` if there is none. */
  maybeOne<R extends Row = Row>(
    statement: Sql<R>,
    params?: readonly unknown[],
    o?: QueryOptions,
  ): Promise<R | undefined>;
  /** The first column of the one row. */
  value<V = unknown>(statement: Sql, params?: readonly unknown[], o?: QueryOptions): Promise<V>;
  /** The number of rows affected; with `expectRows`, exactly that many. */
  execute(
    statement: Sql,
    params?: readonly unknown[],
    o?: QueryOptions & { readonly expectRows?: number },
  ): Promise<number>;
  /**
   * Runs the statements in one round trip, all or nothing: outside of a transaction they are one by themselves, and an error in one undoes those
   * before it. The results come in the order of the statements. Where the connection is lost behind the last byte, the outcome is `unknown`.
   */
  batch(statements: readonly BoundStatement[], o?: BatchOptions): Promise<Result[]>;
}
