import type { Row } from './pipeline.ts';
import type { BatchOptions, Queries, QueryOptions, Result } from './queries.ts';
import { givenStatement, type BoundStatement, type Sql } from './statement.ts';
import { RowCountError } from './usage-errors.ts';

type ExpectRows = QueryOptions & { readonly expectRows?: number };

/** `one`, `maybeOne`, `value` and `execute` on top of `query`. */
export abstract class RowShapes implements Queries {
  /** Whether an error leaves nothing of the statement behind: it is a read, or the error ends the transaction around it. */
  protected abstract isUndoneByError(text: string): boolean;

  abstract query<R extends Row = Row>(
    statement: Sql<R>,
    params?: readonly unknown[],
    o?: QueryOptions,
  ): Promise<Result<R>>;

  abstract batch(statements: readonly BoundStatement[], o?: BatchOptions): Promise<Result[]>;

  async one<R extends Row = Row>(statement: Sql<R>, params?: readonly unknown[], o?: QueryOptions): Promise<R> {
    const { rows } = await this.query<R>(statement, params, o);
    const [row] = rows;
    if (row === undefined || rows.length !== 1) throw this.#wrongCount(statement, 'one row', { rows: rows.length, o });
    return row;
  }

  async maybeOne<R extends Row = Row>(
    statement: Sql<R>,
    params?: readonly unknown[],
    o?: QueryOptions,
  ): Promise<R | undefined> {
    const { rows } = await this.query<R>(statement, params, o);
    if (rows.length > 1) throw this.#wrongCount(statement, 'at most one row', { rows: rows.length, o });
    return rows[0];
  }

  value<V = unknown>(statement: Sql, params?: readonly unknown[], o?: QueryOptions): Promise<V>;
  async value(statement: Sql, params?: readonly unknown[], o?: QueryOptions): Promise<unknown> {
    const { rows, fields } = await this.query(statement, params, o);
    const [row] = rows;
    const [field] = fields;
    if (row === undefined || rows.length !== 1 || field === undefined)
      throw this.#wrongCount(statement, 'one row with a column', { rows: rows.length, o });
    return row[field.name];
  }

  async execute(statement: Sql, params?: readonly unknown[], o: ExpectRows = {}): Promise<number> {
    const { expectRows, ...options } = o;
    const { rowCount } = await this.query(statement, params, options);
    if (expectRows !== undefined && rowCount !== expectRows)
      throw this.#wrongCount(statement, `${expectRows} rows affected`, { rows: rowCount, o });
    return rowCount;
  }

  #wrongCount(statement: Sql, expected: string, met: { rows: number; o: QueryOptions | undefined }): RowCountError {
    const undone = this.isUndoneByError(givenStatement(statement).text);
    return new RowCountError(
      { expected, rows: met.rows },
      { outcome: undone ? 'rejected' : 'unknown', label: met.o?.label },
    );
  }
}
