import type { ErrorOutcome } from '@busbar/errors';

import { PostgresError, type PostgresErrorInit } from './errors.ts';
import type { ExecutionOutcome } from './execution.ts';
import { LeaseLostError } from './outcome-errors.ts';
import { isRaised, safeCause } from './raised-error.ts';
import { safeServerText } from './redact.ts';
import {
  ConstraintError,
  DataError,
  DeadlockError,
  LockTimeoutError,
  PostgresInternalError,
  PostgresSyntaxError,
  PrivilegeError,
  ReadOnlyError,
  ResourceError,
  SchemaChangedError,
  SchemaError,
  SerializationError,
  StatementTimeoutError,
  TxAbortedError,
  type ServerError,
  type ServerErrorDetails,
} from './server-errors.ts';
import { classifySqlState, sqlStateOf, type ServerErrorKind } from './sqlstate.ts';
import { DeadlineError, PostgresAbortedError } from './usage-errors.ts';

/** What the caller of a statement is told about besides the driver's error. */
export interface CallFacts {
  readonly pool: string;
  readonly label?: string | undefined;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The statement was part of an open transaction: without its COMMIT it has no effect. */
  readonly inTransaction: boolean;
}

const SERVER_ERRORS: Readonly<
  Record<ServerErrorKind, new (details: ServerErrorDetails, init?: PostgresErrorInit) => ServerError>
> = {
  serialization: SerializationError,
  deadlock: DeadlockError,
  'lock-timeout': LockTimeoutError,
  'read-only': ReadOnlyError,
  'statement-timeout': StatementTimeoutError,
  'tx-aborted': TxAbortedError,
  constraint: ConstraintError,
  data: DataError,
  syntax: PostgresSyntaxError,
  schema: SchemaError,
  privilege: PrivilegeError,
  resource: ResourceError,
  internal: PostgresInternalError,
  // A statement meets these only through something behind the server (a foreign table, dblink).
  auth: PrivilegeError,
  'too-many-connections': ResourceError,
  'lease-lost': PostgresInternalError,
  'outcome-unknown': PostgresInternalError,
};

const text = (error: object, key: string): string | undefined => {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const detailsOf = (error: unknown, sqlState: string): ServerErrorDetails => {
  if (typeof error !== 'object' || error === null || isRaised(error)) return { sqlState };
  const position = Number(text(error, 'position'));
  const fields = {
    text: text(error, 'where') === undefined ? safeServerText(sqlState, text(error, 'message')) : undefined,
    schema: text(error, 'schema'),
    table: text(error, 'table'),
    column: text(error, 'column'),
    constraint: text(error, 'constraint'),
    dataType: text(error, 'dataType'),
    routine: text(error, 'routine'),
    position: Number.isInteger(position) && position > 0 ? position : undefined,
  };
  return { sqlState, ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) };
};

/** The server's refusal as one of our errors. `outcome` is `rejected` except for 40003 and 08007, which say that they do not know. */
export const serverError = (error: unknown, label?: string): ServerError => {
  const sqlState = sqlStateOf(error);
  if (sqlState === undefined) return new PostgresInternalError({}, { cause: error, label, outcome: 'unknown' });
  const { kind, connectionFatal } = classifySqlState(sqlState);
  const outcome = kind === 'outcome-unknown' ? 'unknown' : 'rejected';
  const limited = kind === 'resource' && !sqlState.startsWith('53') ? { retryable: false } : {}; // class 54: the statement is too big
  return new SERVER_ERRORS[kind](detailsOf(error, sqlState), {
    cause: safeCause(error),
    label,
    connectionFatal,
    outcome,
    ...limited,
  });
};

/** Why a connection is over, in words without a value. */
export const reasonOf = (error: unknown): string => {
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return `SQLSTATE ${sqlState}`;
  const code = typeof error === 'object' && error !== null ? text(error, 'code') : undefined;
  return code ?? 'the connection ended';
};

const lostError = (outcome: ExecutionOutcome, facts: CallFacts): LeaseLostError => {
  let verdict: ErrorOutcome = 'unknown';
  if (facts.inTransaction || sqlStateOf(outcome.error) === '57014') verdict = 'rejected';
  else if (!outcome.written) verdict = 'not-sent';
  return leaseLost(outcome.error, { ...facts, outcome: verdict });
};

export const leaseLost = (
  error: unknown,
  o: { pool: string; label?: string | undefined; outcome: ErrorOutcome },
): LeaseLostError =>
  new LeaseLostError(
    { pool: o.pool, reason: reasonOf(error) },
    {
      cause: safeCause(error),
      label: o.label,
      sqlState: sqlStateOf(error),
      connectionFatal: true,
      outcome: o.outcome,
      retryable: o.outcome !== 'unknown',
    },
  );

const stoppedError = (outcome: ExecutionOutcome, facts: CallFacts): PostgresError => {
  const stoppedByUs = sqlStateOf(outcome.error) === '57014';
  let verdict: ErrorOutcome = 'unknown';
  if (!outcome.written) verdict = 'not-sent';
  else if (stoppedByUs || facts.inTransaction) verdict = 'rejected';
  const init = { label: facts.label, outcome: verdict };
  if (outcome.stopped === 'abort')
    return new PostgresAbortedError({ pool: facts.pool }, { ...init, cause: facts.signal?.reason });
  return new DeadlineError(
    { deadlineMs: facts.deadlineMs },
    { ...init, cause: safeCause(outcome.error), retryable: verdict !== 'unknown' },
  );
};

/** The error of a group, or nothing if it succeeded: a statement that ended well just after its limit ended well. */
export const errorOfOutcome = (outcome: ExecutionOutcome, facts: CallFacts): PostgresError | undefined => {
  const { error } = outcome;
  if (error instanceof PostgresError) return error;
  const sqlState = sqlStateOf(error);
  const answered = outcome.status !== null && (error === undefined || (sqlState !== undefined && sqlState !== '57014'));
  if (outcome.stopped !== undefined && !answered) return stoppedError(outcome, facts);
  if (outcome.lost === true) return lostError(outcome, facts);
  if (error === undefined) return undefined;
  if (outcome.outdated === true && sqlState !== undefined)
    return new SchemaChangedError(detailsOf(error, sqlState), { cause: safeCause(error), label: facts.label });
  return serverError(error, facts.label);
};
