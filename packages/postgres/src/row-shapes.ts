import type { Row } from './pipeline.ts';
import type { Queries, QueryOptions, Result } from './queries.ts';
import { statementKind } from './statement-kind.ts';
import { RowCountError } from './usage-errors.ts';

type ExpectRows = QueryOptions & { readonly expectRows?: number };

/** `one`, `maybeOne`, `value` and `execute` on top of `query`. */
export abstract class RowShapes implements Queries {
  /** A wrong count inside a transaction undoes the statement, as the error ends the callback. */
  protected abstract readonly undoneByError: boolean;

  abstract query<R extends Row = Row>(text: string, params?: readonly unknown[], o?: QueryOptions): Promise<Result<R>>;

  async one<R extends Row = Row>(text: string, params?: readonly unknown[], o?: QueryOptions): Promise<R> {
    const { rows } = await this.query<R>(text, params, o);
    const [row] = rows;
    if (row === undefined || rows.length !== 1) throw this.#wrongCount(text, 'one row', { rows: rows.length, o });
    return row;
  }

  async maybeOne<R extends Row = Row>(
    text: string,
    params?: readonly unknown[],
    o?: QueryOptions,
  ): Promise<R | undefined> {
    const { rows } = await this.query<R>(text, params, o);
    if (rows.length > 1) throw this.#wrongCount(text, 'at most one row', { rows: rows.length, o });
    return rows[0];
  }

  value<V = unknown>(text: string, params?: readonly unknown[], o?: QueryOptions): Promise<V>;
  async value(text: string, params?: readonly unknown[], o?: QueryOptions): Promise<unknown> {
    const { rows, fields } = await this.query(text, params, o);
    const [row] = rows;
    const [field] = fields;
    if (row === undefined || rows.length !== 1 || field === undefined)
      throw this.#wrongCount(text, 'one row with a column', { rows: rows.length, o });
    return row[field.name];
  }

  async execute(text: string, params?: readonly unknown[], o: ExpectRows = {}): Promise<number> {
    const { expectRows, ...options } = o;
    const { rowCount } = await this.query(text, params, options);
    if (expectRows !== undefined && rowCount !== expectRows)
      throw this.#wrongCount(text, `${expectRows} rows affected`, { rows: rowCount, o });
    return rowCount;
  }

  #wrongCount(text: string, expected: string, met: { rows: number; o: QueryOptions | undefined }): RowCountError {
    const undone = this.undoneByError || statementKind(text).operation === 'read';
    return new RowCountError(
      { expected, rows: met.rows },
      { outcome: undone ? 'rejected' : 'unknown', label: met.o?.label },
    );
  }
}
