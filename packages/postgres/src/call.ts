import { wireValues } from './parameters.ts';
import type { GroupStatement } from './pipeline.ts';
import type { QueryOptions } from './queries.ts';
import { statementKind, type StatementKind } from './statement-kind.ts';
import { ArgumentInvalidError, TxControlError } from './usage-errors.ts';

/** What every call of a pool shares. */
export interface CallDefaults {
  readonly pool: string;
  readonly queryDeadlineMs: number;
  readonly maxRows: number;
  readonly clock: { now(): number };
}

/** One statement, checked and ready to be sent, with its limits made absolute. */
export interface Call {
  readonly statement: GroupStatement;
  readonly kind: StatementKind;
  readonly maxRows: number;
  readonly label: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly startedAtMs: number;
  readonly deadlineMs: number;
  readonly deadlineAtMs: number;
}

/** @throws {@link ArgumentInvalidError} when the deadline is no positive number. */
export const deadlineOf = (o: { readonly deadlineMs?: number }, defaultMs: number): number => {
  const deadlineMs = o.deadlineMs ?? defaultMs;
  if (!(deadlineMs > 0)) throw new ArgumentInvalidError({ argument: 'deadlineMs', expected: 'a positive number' });
  return deadlineMs;
};

/**
 * A statement that rides along with COMMIT: without a row limit and a deadline of its own.
 * @throws {@link ArgumentInvalidError}, {@link TxControlError}; COPY needs the connection to itself
 */
export const bindStatement = (text: string, values: readonly unknown[] = []): GroupStatement => {
  const { keyword, txControl } = statementKind(text);
  if (txControl) throw new TxControlError({ keyword: keyword.toUpperCase() });
  if (keyword === 'copy') throw new ArgumentInvalidError({ argument: 'text', expected: 'a statement other than COPY' });
  return { text, values: wireValues(values), rowLimit: 0 };
};

/**
 * Checks a call before anything is sent.
 * Only reads get a row limit: a portal that is cut off after n rows of `INSERT … RETURNING` has inserted all of them (H29).
 * @throws {@link ArgumentInvalidError}, {@link TxControlError} unless `txControl` is allowed
 */
export const prepareCall = (
  statement: { readonly text: string; readonly params: readonly unknown[] | undefined },
  o: QueryOptions,
  how: { readonly defaults: CallDefaults; readonly txControl: 'allowed' | 'refused' },
): Call => {
  const { text, params } = statement;
  if (typeof text !== 'string') throw new ArgumentInvalidError({ argument: 'text', expected: 'a statement' });
  const kind = statementKind(text);
  if (kind.txControl && how.txControl === 'refused') throw new TxControlError({ keyword: kind.keyword.toUpperCase() });
  const { defaults } = how;
  const maxRows = o.maxRows ?? defaults.maxRows;
  if (!Number.isInteger(maxRows) || maxRows < 1)
    throw new ArgumentInvalidError({ argument: 'maxRows', expected: 'a positive integer' });
  const deadlineMs = deadlineOf(o, defaults.queryDeadlineMs);
  const startedAtMs = defaults.clock.now();
  return {
    statement: { text, values: wireValues(params ?? []), rowLimit: kind.operation === 'read' ? maxRows + 1 : 0 },
    kind,
    maxRows,
    label: o.label,
    signal: o.signal,
    startedAtMs,
    deadlineMs,
    deadlineAtMs: startedAtMs + deadlineMs,
  };
};
