/**
 * What can be given as a statement: a text with `$n`, a statement defined once, or a template whose values become parameters.
 *
 * A value of a template never becomes text: only what `sql.id` quotes, what `sql.raw` is given, and the template itself are.
 */
import type { Row, TypeParsers } from './row-decoder.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

/** A statement with its parameters, to be sent later. */
export interface BoundStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** How a statement is handled wherever it is used. What a call says wins. */
export interface StatementTraits {
  /**
   * Prepared at its first use, and called so on the server with a number behind; `false` = never prepared. Only what has a plan is prepared: SELECT, INSERT,
   * UPDATE, DELETE, MERGE, VALUES, WITH. Default: by `statements.autoPrepareAfter`.
   */
  readonly name?: string | false;
  /** The query guard lets it pass. */
  readonly guard?: 'waive';
  /** Rows a read may return. Default: the pool's `maxRows`. */
  readonly maxRows?: number;
  /** It may run twice: it is repeated once after a lost connection even if it may have run. Default: false. */
  readonly idempotent?: boolean;
  /** Makes values of some types another way than the driver does, here alone: the driver's own parsers stay as they are. */
  readonly types?: TypeParsers;
}

export interface StatementSpec extends StatementTraits {
  /** One statement with `$n` parameters. */
  readonly text: string;
}

/** A statement that is defined once. The row type is the author's claim; it is not checked. */
export interface Statement<R extends Row = Row> extends StatementSpec {
  /** With its parameters, for `commitWith`. */
  bind(...values: readonly unknown[]): BoundStatement;
  /** Never there: holds the row type for the compiler. */
  readonly rowType?: R;
}

/** A statement; a {@link BoundStatement}, and with it a fragment, brings its own values: nothing is given beside it. */
export type Sql<R extends Row = Row> = Statement<R> | BoundStatement | string;

/** Defines a statement; frozen. */
export const defineStatement = <R extends Row = Row>(spec: StatementSpec): Statement<R> =>
  Object.freeze({ ...spec, bind: (...values: readonly unknown[]) => ({ text: spec.text, values }) });

/** A piece of SQL with values in it; made by `sql`. Fits wherever a statement does, and into other templates. */
export class SqlFragment implements BoundStatement {
  /** One more than there are values: what stands around them. */
  readonly #parts: readonly string[];
  readonly values: readonly unknown[];
  #text: string | undefined;

  constructor(parts: readonly string[], values: readonly unknown[]) {
    this.#parts = parts;
    this.values = values;
  }

  /** The statement with `$1`, `$2`, … in place of the values. */
  get text(): string {
    this.#text ??= textOf(this.#parts);
    return this.#text;
  }

  get parts(): readonly string[] {
    return this.#parts;
  }
}

/** By the pieces of a template: the text of a template without fragments in it is put together once. */
const TEXTS = new WeakMap<readonly string[], string>();

const textOf = (parts: readonly string[]): string => {
  let text = TEXTS.get(parts);
  if (text === undefined) {
    text = parts.reduce((before, part, index) => `${before}$${index}${part}`);
    TEXTS.set(parts, text);
  }
  return text;
};

const ZERO = 48;
const NINE = 57;

/** A `$1` of the author's own would meet the first value of the whole statement. */
const refuseParameters = (parts: readonly string[]): void => {
  for (const part of parts)
    for (let at = part.indexOf('$'); at !== -1; at = part.indexOf('$', at + 1)) {
      const next = part.charCodeAt(at + 1);
      if (next >= ZERO && next <= NINE)
        throw new ArgumentInvalidError({ argument: 'sql', expected: 'values in ${…}, not as $1' });
    }
};

/** Puts pieces of text and values together, those of fragments among them. */
class Composition {
  readonly parts: string[] = [];
  readonly values: unknown[] = [];
  #last = '';

  add(parts: readonly string[], values: readonly unknown[]): void {
    for (const [index, part] of parts.entries()) {
      this.#last += part;
      if (index < values.length) this.#value(values[index]);
    }
  }

  finish(): SqlFragment {
    return new SqlFragment([...this.parts, this.#last], this.values);
  }

  #value(value: unknown): void {
    if (value instanceof SqlFragment) {
      this.add(value.parts, value.values);
      return;
    }
    this.parts.push(this.#last);
    this.#last = '';
    this.values.push(value);
  }
}

const compose = (parts: readonly string[], values: readonly unknown[]): SqlFragment => {
  refuseParameters(parts);
  if (!values.some((value) => value instanceof SqlFragment)) return new SqlFragment(parts, values);
  const composition = new Composition();
  composition.add(parts, values);
  return composition.finish();
};

interface SqlTag {
  /** A statement from a template; values become parameters, fragments become part of the text. */
  (parts: TemplateStringsArray, ...values: readonly unknown[]): SqlFragment;
  /** A quoted name; several = qualified. */
  id(...names: readonly string[]): SqlFragment;
  /** Fragments, or values, one behind the other. Separator: a comma. */
  join(items: readonly unknown[], separator?: SqlFragment): SqlFragment;
  /** Text as it is. Never from outside. */
  raw(text: string): SqlFragment;
}

const quote = (name: string): string => {
  if (name === '' || name.includes('\0'))
    throw new ArgumentInvalidError({ argument: 'sql.id', expected: 'a name, not empty and without NUL' });
  return `"${name.replaceAll('"', '""')}"`;
};

const raw = (text: string): SqlFragment => {
  refuseParameters([text]);
  return new SqlFragment([text], []);
};

const COMMA = new SqlFragment([', '], []);

const join = (items: readonly unknown[], separator: SqlFragment = COMMA): SqlFragment => {
  const values = items.flatMap((item, index) => (index === 0 ? [item] : [separator, item]));
  return compose(
    Array.from({ length: values.length + 1 }, () => ''),
    values,
  );
};

/**
 * Builds a statement: sql`select * from ${sql.id(table)} where id = ${id}`.
 * @throws {@link ArgumentInvalidError} for a parameter written as `$1`, and for a name that is none
 */
export const sql: SqlTag = Object.assign(
  (parts: TemplateStringsArray, ...values: readonly unknown[]) => compose(parts, values),
  { id: (...names: readonly string[]) => new SqlFragment([names.map(quote).join('.')], []), join, raw },
);

/** What a call was given, in one shape. */
export interface GivenStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly traits: StatementTraits;
  /** Values that must each have a place of their own in the text. */
  readonly placed: number | undefined;
}

const NO_TRAITS: StatementTraits = Object.freeze({});

/** @throws {@link ArgumentInvalidError} for what is no statement, and for parameters beside one that has its own */
export const givenStatement = (statement: Sql, params: readonly unknown[] = []): GivenStatement => {
  if (typeof statement === 'string') return { text: statement, values: params, traits: NO_TRAITS, placed: undefined };
  if (typeof statement !== 'object' || statement === null || typeof statement.text !== 'string')
    throw new ArgumentInvalidError({ argument: 'text', expected: 'a statement' });
  if ('bind' in statement) return { text: statement.text, values: params, traits: statement, placed: undefined };
  const { text, values } = statement;
  if (values !== undefined && params.length > 0)
    throw new ArgumentInvalidError({ argument: 'params', expected: 'none beside bound values' });
  const placed = statement instanceof SqlFragment ? statement.values.length : undefined;
  return { text, values: values ?? params, traits: NO_TRAITS, placed };
};
