import type { InsertMany } from './bulk.ts';
import type { CallOptions, RoutineArguments } from './routine.ts';
import type { ArrayRow, Field, Row, RowMode } from './row-decoder.ts';
import type { SettledResult } from './settled-batch.ts';
import type { BoundStatement, Sql, StatementTraits } from './statement.ts';

export interface QueryOptions extends StatementTraits {
  /** Ends the call: a waiting one leaves the queue, a running statement is cancelled on the server. */
  readonly signal?: AbortSignal;
  /** Budget of the call, waiting for a connection included. Default: `timeouts.queryDeadlineMs`. Unit: ms. */
  readonly deadlineMs?: number;
  /** Names the call in errors, channels and statistics. */
  readonly label?: string;
  /** `array`: a row is the list of its values, in the order of the columns. Default: `object`, by the names of the columns; of equal names the last. */
  readonly rowMode?: RowMode;
}

/** Options of a call whose rows come as lists. */
export type ArrayMode = QueryOptions & { readonly rowMode: 'array' };

export interface StreamOptions extends QueryOptions {
  /** Rows asked for at once, and held in memory. Default: 500. Range: 1..10_000. */
  readonly batchSize?: number;
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
  query<R extends ArrayRow = ArrayRow>(
    statement: Sql,
    params: readonly unknown[] | undefined,
    o: ArrayMode,
  ): Promise<Result<R>>;
  query<R extends Row = Row>(statement: Sql<R>, params?: readonly unknown[], o?: QueryOptions): Promise<Result<R>>;
}

/** Of a batch as a whole, and of each read in it. */
export type BatchOptions = Pick<QueryOptions, 'signal' | 'deadlineMs' | 'label' | 'maxRows' | 'guard' | 'types'>;

/** The shapes of a result that a caller expects; a result of another shape is a {@link RowCountError}. */
export interface Queries extends Queryable {
  /** The one row. */
  one<R extends ArrayRow = ArrayRow>(statement: Sql, params: readonly unknown[] | undefined, o: ArrayMode): Promise<R>;
  one<R extends Row = Row>(statement: Sql<R>, params?: readonly unknown[], o?: QueryOptions): Promise<R>;
  /** The row, or `undefined` if there is none. */
  maybeOne<R extends ArrayRow = ArrayRow>(
    statement: Sql,
    params: readonly unknown[] | undefined,
    o: ArrayMode,
  ): Promise<R | undefined>;
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
   * Calls a routine: `select * from fn(…)`, or `call fn(…)` with `kind: 'procedure'`. `fn` is its name, or `schema.name`, as it is in the catalogue:
   * it is quoted. `args` by position, or by name. Its text does not tell whether a function writes: a result that is refused outside of a transaction
   * has the outcome `unknown`.
   * @throws {@link ArgumentInvalidError} for a name that is none, and for `undefined` as an argument
   */
  call<R extends ArrayRow = ArrayRow>(
    fn: string,
    args: RoutineArguments,
    o: CallOptions & { readonly rowMode: 'array' },
  ): Promise<Result<R>>;
  call<R extends Row = Row>(fn: string, args: RoutineArguments, o?: CallOptions): Promise<Result<R>>;
  /**
   * Runs the statements in one round trip, all or nothing: outside of a transaction they are one by themselves, and an error in one undoes those
   * before it. The results come in the order of the statements. Where the connection is lost behind the last byte, the outcome is `unknown`.
   */
  batch(statements: readonly BoundStatement[], o?: BatchOptions & { readonly atomic?: true }): Promise<Result[]>;
  /**
   * With `atomic: false`, runs one after the other, each on its own: an error in one, also one that is found before it is sent, neither undoes nor stops the
   * others. Never rejects; index = that of the statement. In a `tx` each has a savepoint, which rides along with it. On a lease in a transaction of the
   * caller's own an error breaks that transaction, as PostgreSQL has it. The deadline is that of all together.
   */
  batch(statements: readonly BoundStatement[], o: BatchOptions & { readonly atomic: false }): Promise<SettledResult[]>;
  /**
   * Inserts rows, all or none, in one round trip. Resolves with how many were inserted, or updated by `onConflict`.
   * @throws {@link ArgumentInvalidError} before anything is sent: for a type that is not known, and, with the index of the row and the name of the
   *   column, for a value that cannot be sent
   */
  insertMany(o: InsertMany & QueryOptions): Promise<{ readonly rows: number }>;
  /**
   * The rows one by one, fetched in batches as they are wanted. The statement is checked at once, and sent for the first row; an iteration that ends early closes
   * it and gives the connection back, which is not before `return()` (`break`, a throw) or the last row: an iterator that is dropped keeps it. `deadlineMs`
   * limits each wait for a batch, the first one with the wait for a connection, and not the time of the consumer. Of `maxRows` only the call's own counts. It
   * is never prepared. Rows that write have written when the first one comes, all of them.
   * The connection is lent: until the end other statements of the same `tx` or lease, COMMIT included, are a {@link LeaseBusyError}. In a transaction the
   * server's statement timeout goes on counting between the batches; outside of one it is off.
   * @throws {@link ArgumentInvalidError} for a `batchSize` out of range, and what `query` refuses before it sends
   */
  stream<R extends ArrayRow = ArrayRow>(
    statement: Sql,
    params: readonly unknown[] | undefined,
    o: StreamOptions & ArrayMode,
  ): AsyncIterable<R>;
  stream<R extends Row = Row>(statement: Sql<R>, params?: readonly unknown[], o?: StreamOptions): AsyncIterable<R>;
  /**
   * Runs `COPY … FROM STDIN` with what the source gives: bytes or text, in chunks of any length. The source is read as fast as the server takes it, and not
   * before it does. If it throws, or the call is aborted, no row is kept; its error is rethrown as it is. Its `return()` is called then, and not waited
   * for. `deadlineMs` limits each wait for the server, not for the source. Lent and limited as a `stream`.
   * @throws {@link ArgumentInvalidError} for another statement, and for a source that gives anything else
   */
  copyIn(
    text: string,
    source: AsyncIterable<Uint8Array | string>,
    o?: QueryOptions,
  ): Promise<{ readonly rows: number }>;
  /**
   * The bytes of `COPY … TO STDOUT`, in blocks as they come. While they are not taken, the server waits. An iteration that ends early cancels the statement,
   * which fails a transaction around it. Held, lent and limited as a `stream`.
   * @throws {@link ArgumentInvalidError} for another statement
   */
  copyOut(text: string, o?: QueryOptions): AsyncIterable<Uint8Array>;
}
