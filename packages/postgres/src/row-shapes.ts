import { insertStatement, type InsertMany } from './bulk.ts';
import type { Call, Given } from './call.ts';
import type { Connection } from './connection.ts';
import { checkedCopy, copyIn, copyOut, type CopySource } from './copy.ts';
import type { Hold } from './exchange.ts';
import type { ArrayMode, BatchOptions, Queries, QueryOptions, Result, StreamOptions } from './queries.ts';
import type { Submission } from './query.ts';
import { routineCall, type CallOptions, type RoutineArguments } from './routine.ts';
import type { AnyRow, ArrayRow, Row } from './row-decoder.ts';
import { settleEach, type SettledResult } from './settled-batch.ts';
import { givenStatement, type BoundStatement, type Sql } from './statement.ts';
import { checkedBatchSize, streamRows } from './stream.ts';
import { RowCountError } from './usage-errors.ts';

type ExpectRows = QueryOptions & { readonly expectRows?: number };
type Params = readonly unknown[] | undefined;

/** All that can be asked of a place where statements run, on top of how one call, and one group of them, is run there. */
export abstract class RowShapes implements Queries {
  /** Whether an error leaves nothing of the statement behind: it is a read, or the error ends the transaction around it. */
  protected abstract isUndoneByError(text: string): boolean;

  /** Checks a statement by the rules of this place. */
  protected abstract prepare(given: Given, o: QueryOptions): Call;

  protected abstract run(call: Call): Promise<Result<AnyRow>>;

  /** Work on a connection for as long as its caller likes. */
  protected abstract hold<T>(call: Call, work: (connection: Connection, how: Submission) => Promise<T>): Promise<T>;

  /** All or nothing. */
  protected abstract runGroup(statements: readonly BoundStatement[], o: BatchOptions): Promise<Result[]>;

  /** So that its failure takes nothing else with it. */
  protected runAlone(call: Call): Promise<Result<AnyRow>> {
    return this.run(call);
  }

  query<R extends ArrayRow = ArrayRow>(statement: Sql, params: Params, o: ArrayMode): Promise<Result<R>>;
  query<R extends Row = Row>(statement: Sql<R>, params?: readonly unknown[], o?: QueryOptions): Promise<Result<R>>;
  async query(statement: Sql, params?: readonly unknown[], o: QueryOptions = {}): Promise<Result<AnyRow>> {
    // Awaited: to return a promise out of an async function takes three turns of the microtask queue, to return what it resolves with takes one.
    const result = await this.run(this.prepare({ statement, params }, o));
    return result;
  }

  one<R extends ArrayRow = ArrayRow>(statement: Sql, params: Params, o: ArrayMode): Promise<R>;
  one<R extends Row = Row>(statement: Sql<R>, params?: readonly unknown[], o?: QueryOptions): Promise<R>;
  async one(statement: Sql, params?: readonly unknown[], o?: QueryOptions): Promise<AnyRow> {
    const { rows } = await this.#query(statement, params, o);
    const [row] = rows;
    if (row === undefined || rows.length !== 1) throw this.#wrongCount(statement, 'one row', { rows: rows.length, o });
    return row;
  }

  maybeOne<R extends ArrayRow = ArrayRow>(statement: Sql, params: Params, o: ArrayMode): Promise<R | undefined>;
  maybeOne<R extends Row = Row>(
    statement: Sql<R>,
    params?: readonly unknown[],
    o?: QueryOptions,
  ): Promise<R | undefined>;
  async maybeOne(statement: Sql, params?: readonly unknown[], o?: QueryOptions): Promise<AnyRow | undefined> {
    const { rows } = await this.#query(statement, params, o);
    if (rows.length > 1) throw this.#wrongCount(statement, 'at most one row', { rows: rows.length, o });
    return rows[0];
  }

  value<V = unknown>(statement: Sql, params?: readonly unknown[], o?: QueryOptions): Promise<V>;
  async value(statement: Sql, params?: readonly unknown[], o?: QueryOptions): Promise<unknown> {
    const { rows } = await this.query(statement, params, { ...o, rowMode: 'array' });
    const [row] = rows;
    if (row === undefined || rows.length !== 1 || row.length === 0)
      throw this.#wrongCount(statement, 'one row with a column', { rows: rows.length, o });
    return row[0];
  }

  async execute(statement: Sql, params?: readonly unknown[], o: ExpectRows = {}): Promise<number> {
    const { expectRows, ...options } = o;
    const { rowCount } = await this.query(statement, params, options);
    if (expectRows !== undefined && rowCount !== expectRows)
      throw this.#wrongCount(statement, `${expectRows} rows affected`, { rows: rowCount, o });
    return rowCount;
  }

  call<R extends ArrayRow = ArrayRow>(
    fn: string,
    args: RoutineArguments,
    o: CallOptions & { readonly rowMode: 'array' },
  ): Promise<Result<R>>;
  call<R extends Row = Row>(fn: string, args: RoutineArguments, o?: CallOptions): Promise<Result<R>>;
  async call(fn: string, args: RoutineArguments, o: CallOptions = {}): Promise<Result<AnyRow>> {
    const { kind, ...options } = o;
    return this.run({ ...this.prepare({ statement: routineCall(fn, args, kind) }, options), mayWrite: true });
  }

  batch(statements: readonly BoundStatement[], o?: BatchOptions & { readonly atomic?: true }): Promise<Result[]>;
  batch(statements: readonly BoundStatement[], o: BatchOptions & { readonly atomic: false }): Promise<SettledResult[]>;
  async batch(
    statements: readonly BoundStatement[],
    o: BatchOptions & { readonly atomic?: boolean } = {},
  ): Promise<Result[] | SettledResult[]> {
    const { atomic = true, ...options } = o;
    if (atomic) return this.runGroup(statements, options);
    return settleEach(statements, {
      prepare: (given) => this.prepare(given, options),
      run: (call) => this.#runAlone(call),
    });
  }

  async insertMany(o: InsertMany & QueryOptions): Promise<{ readonly rows: number }> {
    const { table, columns, rows, onConflict, ...options } = o;
    const statement = insertStatement({ table, columns, rows, ...(onConflict === undefined ? {} : { onConflict }) });
    if (statement === undefined) return { rows: 0 };
    const { rowCount } = await this.run(this.prepare({ statement }, options));
    return { rows: rowCount };
  }

  stream<R extends ArrayRow = ArrayRow>(statement: Sql, params: Params, o: StreamOptions & ArrayMode): AsyncIterable<R>;
  stream<R extends Row = Row>(statement: Sql<R>, params?: readonly unknown[], o?: StreamOptions): AsyncIterable<R>;
  stream(statement: Sql, params?: readonly unknown[], o: StreamOptions = {}): AsyncIterable<AnyRow> {
    const { batchSize, maxRows = Number.MAX_SAFE_INTEGER, ...options } = o;
    const rows = checkedBatchSize(batchSize);
    const call = this.prepare({ statement, params }, { ...options, maxRows });
    return streamRows(call, rows, this.#holder());
  }

  async copyIn(text: string, source: CopySource, o: QueryOptions = {}): Promise<{ readonly rows: number }> {
    return copyIn(checkedCopy(this.prepare({ statement: text }, o)), source, this.#holder());
  }

  copyOut(text: string, o: QueryOptions = {}): AsyncIterable<Uint8Array> {
    return copyOut(checkedCopy(this.prepare({ statement: text }, o)), this.#holder());
  }

  #holder(): Hold {
    return (call, work) => this.hold(call, work);
  }

  /** Rows in the shape that the options ask for. */
  #query(statement: Sql, params: Params, o: QueryOptions | undefined): Promise<Result<AnyRow>> {
    return this.query(statement, params, o);
  }

  /** Statements of a batch have no `rowMode`: their rows are objects. */
  #runAlone(call: Call): Promise<Result>;
  #runAlone(call: Call): Promise<Result<AnyRow>> {
    return this.runAlone(call);
  }

  #wrongCount(statement: Sql, expected: string, met: { rows: number; o: QueryOptions | undefined }): RowCountError {
    const undone = this.isUndoneByError(givenStatement(statement).text);
    return new RowCountError(
      { expected, rows: met.rows },
      { outcome: undone ? 'rejected' : 'unknown', label: met.o?.label },
    );
  }
}
