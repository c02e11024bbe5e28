import { AuthError, ConnectError, TlsError, TooManyConnectionsError, type ConnectDetails } from './connect-errors.ts';
import { isPostgresError, type PostgresError } from './errors.ts';
import { safeCause } from './raised-error.ts';
import { classifySqlState, sqlStateOf } from './sqlstate.ts';

/** The messages of `pg` for a server that answers the request for TLS with something else than yes; they have no code. */
const NO_TLS = new Set([
  'The server does not support SSL connections',
  'There was an error establishing an SSL connection',
]);
/** How the messages of `pg` begin for a login that cannot go on: no password was given, or the server could not prove that it knows it. */
const NO_LOGIN = 'SASL: ';
const TLS_CODE = /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO|ERR_OSSL)/;
/** The server is there, but not yet or no longer ready. */
const COMES_BACK = /^(?:08|53|57P0)/;

const codeOf = (error: unknown): string | undefined => {
  if (error instanceof AggregateError) return codeOf(error.errors[0]); // one error per address; its own message can be empty
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
};

/** The driver's or the system's failure; the server said nothing. */
const withoutState = (error: unknown, details: ConnectDetails): PostgresError => {
  const init = { cause: safeCause(error) };
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith(NO_LOGIN)) return new AuthError(details, init);
  const isTls = TLS_CODE.test(details.reason ?? '') || NO_TLS.has(message);
  return isTls ? new TlsError(details, init) : new ConnectError(details, init);
};

/** A failed connection attempt as one of our errors; what is one already stays as it is. */
export const connectFailure = (
  error: unknown,
  where: { readonly host: string; readonly port: number; readonly elapsedMs: number },
): PostgresError => {
  if (isPostgresError(error)) return error;
  const sqlState = sqlStateOf(error);
  const code = sqlState ?? codeOf(error);
  const details: ConnectDetails = code === undefined ? where : { ...where, reason: code };
  const init = { cause: safeCause(error), sqlState };
  if (sqlState === undefined) return withoutState(error, details);
  const { kind } = classifySqlState(sqlState);
  if (kind === 'auth' || sqlState === '3D000') return new AuthError(details, init);
  if (kind === 'too-many-connections') return new TooManyConnectionsError(details, init);
  return new ConnectError(details, { ...init, retryable: COMES_BACK.test(sqlState) });
};
