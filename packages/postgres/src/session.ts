import type { Queryable } from './queries.ts';

/** Prepares a new connection; runs before its first lease. */
export type SetupFunction = (session: Queryable) => Promise<void>;

export interface ResolvedSession {
  readonly searchPath?: readonly string[];
  readonly applicationName: string;
  readonly timeZone: string;
  readonly gucs: Readonly<Record<string, string>>;
  readonly setup?: SetupFunction;
}

export interface ServerTimeouts {
  readonly statementMs: number;
  readonly lockMs: number;
  readonly idleInTransactionMs: number;
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
  settings.push(...Object.entries(session.gucs));
  return settings.map(([name, value]) => `-c ${name}=${escapeValue(value)}`).join(' ');
};
