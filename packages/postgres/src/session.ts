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

export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** In the start-up parameter `options` a blank or backslash of a value is escaped by a backslash. */
const escapeValue = (value: string): string => value.replaceAll(/[\\\s]/g, String.raw`\$&`);

type Settings = readonly (readonly [name: string, value: string])[];

/** What each session is set to, whoever sets it. */
const sessionSettings = (session: ResolvedSession, timeouts: ServerTimeouts): Settings => {
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
  return settings;
};

/** All settings in one statement, for the session or, `local`, for the transaction that it is in. */
const setAll = (settings: Settings, scope: 'session' | 'local'): GroupStatement => ({
  text: `select ${settings.map((_setting, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, ${scope === 'local'})`).join(', ')}`,
  values: settings.flat(),
  rowLimit: 0,
});

/**
 * The start-up parameter `options`: every session setting in the first message, without a round trip.
 * It is never empty: with an empty one `pg` would take PGOPTIONS from the environment.
 */
export const startupOptions = (session: ResolvedSession, timeouts: ServerTimeouts): string =>
  sessionSettings(session, timeouts)
    .map(([name, value]) => `-c ${name}=${escapeValue(value)}`)
    .join(' ');

/** What is between a pool and its server: nothing, or a pooler that hands a server connection out per session or per transaction. */
export type Pooler = 'none' | 'session' | 'transaction';

export interface SessionSettings {
  readonly pooler: Pooler;
  readonly session: ResolvedSession;
  readonly timeouts: ServerTimeouts;
}

/** The first version that knows `transaction_timeout`; in the start-up message it would refuse the connection to an older one (H28). */
const TRANSACTION_TIMEOUT_SINCE = 17;

/** Settings that cannot go into the start-up message: those of a later version, and all of them where a pooler refuses `options` there. */
export const lateSettings = (o: SessionSettings, majorVersion: number): readonly GroupStatement[] => {
  const settings = o.pooler === 'session' ? [...sessionSettings(o.session, o.timeouts)] : [];
  const { transactionMs } = o.timeouts;
  if (transactionMs > 0 && majorVersion >= TRANSACTION_TIMEOUT_SINCE)
    settings.push(['transaction_timeout', String(transactionMs)]);
  return settings.length === 0 ? [] : [setAll(settings, 'session')];
};

/**
 * What goes before the first statement of each transaction, a single statement being one: behind a transaction pooler the next transaction may be
 * on another server connection, and what is set for a session would be left there for somebody else (H17).
 */
export const transactionSettings = (o: SessionSettings): readonly GroupStatement[] =>
  o.pooler === 'transaction' ? [setAll(sessionSettings(o.session, o.timeouts), 'local')] : [];

/** What DISCARD ALL takes with it: it goes back to the settings of the start-up message, but not to its role. */
export const settingsAfterDiscard = ({ role }: ResolvedSession): readonly GroupStatement[] =>
  role === undefined ? [] : [setAll([['role', role]], 'session')];
