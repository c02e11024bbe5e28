import type { PostgresErrorKind } from './errors.ts';

/** The classes of server errors; `connection` = the connection is over. */
export type ServerErrorKind = Extract<
  PostgresErrorKind,
  | (
      | 'serialization'
      | 'deadlock'
      | 'lock-timeout'
      | 'read-only'
      | 'statement-timeout'
      | 'tx-aborted'
      | 'constraint'
      | 'data'
    )
  | (
      | 'syntax'
      | 'schema'
      | 'privilege'
      | 'resource'
      | 'internal'
      | 'auth'
      | 'too-many-connections'
      | 'lease-lost'
      | 'outcome-unknown'
    )
>;

export interface SqlStateClass {
  readonly kind: ServerErrorKind;
  /** The connection that reported it is not usable any more. */
  readonly connectionFatal: boolean;
}

/** Whole codes that differ from their class. PostgreSQL documentation, Appendix A. */
const CODES: Readonly<Record<string, ServerErrorKind>> = {
  '08007': 'outcome-unknown', // transaction_resolution_unknown
  '25006': 'read-only',
  '25P02': 'tx-aborted',
  '25P03': 'lease-lost', // idle_in_transaction_session_timeout
  '25P04': 'lease-lost', // transaction_timeout
  '40001': 'serialization',
  '40003': 'outcome-unknown', // statement_completion_unknown
  '40P01': 'deadlock',
  '42501': 'privilege',
  '42601': 'syntax',
  '53300': 'too-many-connections',
  '55P03': 'lock-timeout',
  '57014': 'statement-timeout',
};

const CLASSES: Readonly<Record<string, ServerErrorKind>> = {
  '08': 'lease-lost',
  '22': 'data',
  '23': 'constraint',
  '28': 'auth',
  '3D': 'schema',
  '3F': 'schema',
  '42': 'schema',
  '53': 'resource',
  '54': 'resource',
  '57': 'lease-lost',
};

const FATAL_CLASSES = new Set(['08']);
const FATAL_CODES = new Set(['01002', '25P03', '25P04', '57P01', '57P02', '57P03', '57P04', '57P05', 'XX001', 'XX002']);

const isLost = (code: string): boolean => FATAL_CODES.has(code) || FATAL_CLASSES.has(code.slice(0, 2));

/**
 * What a SQLSTATE means for the caller and for the connection. Total: an unknown code is `internal`.
 * It is the only thing classified: the severity is localised and messages are (brianc/node-postgres drops the untranslated field).
 */
export const classifySqlState = (code: string): SqlStateClass => {
  const connectionFatal = isLost(code);
  const kind = CODES[code] ?? CLASSES[code.slice(0, 2)] ?? 'internal';
  // 57000 and what else of class 57 leaves the connection alive is an intervention of the operator, not a loss.
  if (kind === 'lease-lost' && !connectionFatal) return { kind: 'statement-timeout', connectionFatal };
  return { kind, connectionFatal };
};

/** The SQLSTATE of a driver error, if the server sent one. */
export const sqlStateOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('severity' in error)) return undefined;
  return typeof error.code === 'string' && error.code.length === 5 ? error.code : undefined;
};

/** Whether the connection that reported the error is over. */
export const isConnectionFatal = (error: unknown): boolean => isLost(sqlStateOf(error) ?? '');
