import type { QueryOptions } from './queries.ts';
import { sql, type SqlFragment } from './statement.ts';
import { ArgumentInvalidError } from './usage-errors.ts';

/** By position, or by name. */
export type RoutineArguments = readonly unknown[] | Readonly<Record<string, unknown>>;

export interface CallOptions extends QueryOptions {
  /** A procedure is run by CALL; the rows are its output arguments, for each of which `args` has a place. Default: `function`. */
  readonly kind?: 'function' | 'procedure';
}

/** A table or routine by its name, or `schema.name`; both are quoted. */
export const qualifiedName = (argument: string, name: string): SqlFragment => {
  const parts = typeof name === 'string' ? name.split('.') : [];
  if (parts.length === 0 || parts.length > 2 || parts.some((part) => part === '' || part.includes('\0')))
    throw new ArgumentInvalidError({ argument, expected: 'a name, or schema.name' });
  return sql.id(...parts);
};

const checked = (name: string, value: unknown): unknown => {
  if (value === undefined)
    throw new ArgumentInvalidError({ argument: `args.${name}`, expected: 'a value, or null for NULL' });
  return value;
};

const isByPosition = (args: RoutineArguments): args is readonly unknown[] => Array.isArray(args);

const argumentList = (args: RoutineArguments): SqlFragment => {
  if (typeof args !== 'object' || args === null)
    throw new ArgumentInvalidError({ argument: 'args', expected: 'a list of values, or values by name' });
  if (isByPosition(args)) return sql.join(args.map((value, index) => checked(String(index), value)));
  return sql.join(Object.entries(args).map(([name, value]) => sql`${sql.id(name)} => ${checked(name, value)}`));
};

/** The statement that calls a routine. @throws {@link ArgumentInvalidError} */
export const routineCall = (
  fn: string,
  args: RoutineArguments,
  kind: CallOptions['kind'] = 'function',
): SqlFragment => {
  const name = qualifiedName('fn', fn);
  if (kind === 'procedure') return sql`call ${name}(${argumentList(args)})`;
  if (kind !== 'function') throw new ArgumentInvalidError({ argument: 'kind', expected: 'function or procedure' });
  return sql`select * from ${name}(${argumentList(args)})`;
};
