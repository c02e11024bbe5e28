/**
 * What an error of PostgreSQL says about the server: by SQLSTATE, whichever client brought it, and by the codes of
 * `@busbar/postgres`.
 * @see PostgreSQL documentation, Appendix A, PostgreSQL Error Codes
 */
import type { Verdict } from '../classify.ts';
import { classifyBy, readText } from './recognize.ts';

const SQLSTATE = /^[0-9A-Z]{5}$/u;

/** Connection, authorization, unknown database, resources, system error, internal error. */
const FAILED_CLASSES: ReadonlySet<string> = new Set(['08', '28', '3D', '53', '58', 'XX']);

/** A primary that was demoted; shutdown, crash, starting up, dropped database, idle session. */
const FAILED_STATES: ReadonlySet<string> = new Set(['25006', '57P01', '57P02', '57P03', '57P04', '57P05']);

const QUERY_CANCELED = '57014';

const verdictOfState = (state: string, signal: AbortSignal | undefined): Verdict => {
  if (state === QUERY_CANCELED) return signal?.aborted === true ? 'ignore' : 'failure';
  return FAILED_CLASSES.has(state.slice(0, 2)) || FAILED_STATES.has(state) ? 'failure' : 'success';
};

const PREFIX = 'BUSBAR_POSTGRES_';

/** Codes of `@busbar/postgres` that come without a SQLSTATE, or mean more than it does. */
const CODES: Readonly<Record<string, Verdict>> = {
  CONNECT: 'failure',
  CONNECT_TIMEOUT: 'failure',
  SETUP: 'failure',
  TLS: 'failure',
  NO_TARGET: 'failure',
  TOO_MANY_CONNECTIONS: 'failure',
  AUTH: 'failure',
  DEADLINE: 'failure',
  LEASE_LOST: 'failure',
  READ_ONLY: 'failure',
  STATEMENT_TIMEOUT: 'failure',
  RESOURCE: 'failure',
  INTERNAL: 'failure',
  OUTCOME_UNKNOWN: 'failure',
  SERIALIZATION: 'success',
  DEADLOCK: 'success',
  LOCK_TIMEOUT: 'success',
  TX_ABORTED: 'success',
  CONSTRAINT: 'success',
  DATA: 'success',
  SYNTAX: 'success',
  SCHEMA: 'success',
  SCHEMA_CHANGED: 'success',
  PRIVILEGE: 'success',
  COMMIT_ROLLED_BACK: 'success',
  ROW_COUNT: 'success',
  TOO_MANY_ROWS: 'success',
  OPTIONS: 'ignore',
  QUEUE_FULL: 'ignore',
  ACQUIRE_TIMEOUT: 'ignore',
  CLOSED: 'ignore',
  LEASE_RELEASED: 'ignore',
  LEASE_BUSY: 'ignore',
  TX_ENDED: 'ignore',
  ARGUMENT_INVALID: 'ignore',
  TX_CONTROL: 'ignore',
  MULTI_STATEMENT: 'ignore',
  FOREIGN_CONNECTION: 'ignore',
  POOLER_UNSUPPORTED: 'ignore',
  GUARD_BLOCKED: 'ignore',
  ABORTED: 'ignore',
};

/** A SQLSTATE decides before a code: one code covers several of them. */
const recognize = (error: object, signal: AbortSignal | undefined): Verdict | undefined => {
  const code = readText(error, 'code');
  const ours = code.startsWith(PREFIX) ? code.slice(PREFIX.length) : '';
  const state = readText(error, 'sqlState') || (readText(error, 'severity') === '' ? '' : code);
  if (SQLSTATE.test(state)) return verdictOfState(state, signal);
  return Object.hasOwn(CODES, ours) ? CODES[ours] : undefined;
};

/**
 * Failure: the server or the way to it is to blame. Success: it answered, and the statement is at fault (constraint, syntax,
 * serialization). Ignore: it says nothing about the server (no free connection in time, misuse, cancelled by the caller). What
 * is not recognised is a failure.
 */
export const classifyPostgres = classifyBy(recognize);
