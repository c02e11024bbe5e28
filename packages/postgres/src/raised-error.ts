// A function in the database can raise an error with any SQLSTATE, and put any text into the message and into the fields that name a table, a
// column or a constraint. What the server tells about itself may be shown; what such a function tells may not.

/** Routines of the server by which procedural languages raise what their author wrote: PL/pgSQL, PL/Python, PL/Perl, PL/Tcl. */
const RAISING: ReadonlySet<string> = new Set(
  (
    'exec_stmt_raise exec_stmt_assert PLy_elog_impl PLy_output plperl_util_elog croak_cstr plperl_call_perl_func ' +
    'plperl_call_perl_trigger_func throw_tcl_error pltcl_elog'
  ).split(' '),
);

const textOf = (error: object, key: string): string | undefined => {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : undefined;
};

/** Whether the words and names of a server error were written by the author of a function. */
export const isRaised = (error: unknown): error is object =>
  typeof error === 'object' && error !== null && RAISING.has(textOf(error, 'routine') ?? '');

/** Stands as the cause in place of such an error: its SQLSTATE, and none of its words. */
export class RaisedError extends Error {
  readonly severity: string;
  readonly code: string;
  readonly #original: object;

  constructor(original: object) {
    super('raised by a function in the database');
    this.name = 'RaisedError';
    this.severity = 'ERROR';
    this.code = textOf(original, 'code') ?? '';
    this.#original = original;
  }

  /** The driver's error. Never log it. */
  get original(): unknown {
    return this.#original;
  }
}

/** The error as it may stand as a cause, of which some fields are shown. */
export const safeCause = (error: unknown): unknown => (isRaised(error) ? new RaisedError(error) : error);
