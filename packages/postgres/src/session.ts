import type { GroupStatement } from './pipeline.ts';
import type { Queryable } from './queries.ts';

/** Prepares a new connection; runs before its first lease. */
export type SetupFunction = (session: Queryable) => Promise<void>;

export interface ResolvedSession {
  readonly searchPath?: readonly string[];
  readonly role?: string;
  readonly applicationName: string;
  readonly timeZone: string;
  readonly gucs: Readonly<Record<string, string>>;
  readonly setup?: SetupFunction;
}

export interface ServerTimeouts {
  readonly statementMs: number;
  readonly lockMs: number;
  readonly idleInTransactionMs: number;
  readonly transactionMs: number;
}

const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** In the start-up parameter `options` a blank or backslash of a value is escaped by a backslash. */
const escapeValue = (value: string): string => value.replaceAll(/[\\\s]/g, String.raw`\$&`);

/**
 * The start-up parameter `options`: every session setting in the first message, without a round trip.
 * It is never empty: with an empty one `pg` would take PGOPTIONS from the environment.
 */
export const startupOptions = (session: ResolvedSession, timeouts: ServerTimeouts): string => {
  const settings: [name: string, value: string][] = [
    ['statement_timeout', String(timeouts.statementMs)],
    ['lock_timeout', String(timeouts.lockMs)],
    ['idle_in_transaction_session_timeout', String(timeouts.idleInTransactionMs)],
    ['TimeZone', session.timeZone],
  ];
  if (session.searchPath !== undefined)
    settings.push(['search_path', session.searchPath.map(quoteIdentifier).join(',')]);
  if (session.role !== undefined) settings.push(['role', session.role]);
  settings.push(...Object.entries(session.gucs));
  return settings.map(([name, value]) => `-c ${name}=${escapeValue(value)}`).join(' ');
};

/** The first version that knows `transaction_timeout`; in the start-up message it would refuse the connection to an older one (H28). */
const TRANSACTION_TIMEOUT_SINCE = 17;
const setting = (name: string, value: string): GroupStatement => ({
  text: 'select set_config($1, $2, false)',
  values: [name, value],
  rowLimit: 0,
});

/** Settings that depend on the version of the server, for one group behind the login. */
export const lateSettings = (timeouts: ServerTimeouts, majorVersion: number): readonly GroupStatement[] =>
  timeouts.transactionMs > 0 && majorVersion >= TRANSACTION_TIMEOUT_SINCE
    ? [setting('transaction_timeout', String(timeouts.transactionMs))]
    : [];

/** What DISCARD ALL takes with it: it goes back to the settings of the start-up message, but not to its role. */
export const settingsAfterDiscard = (session: ResolvedSession): readonly GroupStatement[] =>
  session.role === undefined ? [] : [setting('role', session.role)];
