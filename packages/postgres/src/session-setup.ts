import type { Connection } from './connection.ts';
import { serverError } from './outcome.ts';
import { control, type GroupStatement } from './pipeline.ts';
import type { Queryable } from './queries.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import { lateSettings, settingsAfterDiscard } from './session.ts';

// What happens to a session before its first borrower gets it, and between two of them. The core of the pool limits the time of both.

export interface SessionSetup {
  readonly options: Pick<ResolvedPostgresOptions, 'session' | 'timeouts' | 'pool' | 'pooler'>;
  /** What `session.setup` gets. */
  setupSession(connection: Connection): Queryable;
}

const run = async (connection: Connection, statements: readonly GroupStatement[]): Promise<void> => {
  if (statements.length === 0) return;
  const { error } = await connection.run({
    build: () => statements,
    deadlineAtMs: Number.POSITIVE_INFINITY,
    atLimit: 'destroy',
  });
  if (error !== undefined) throw serverError(error);
};

/** Settings that could not go into the start-up message, then `session.setup`. Rejects with what refused them. */
export const setUpSession = async (connection: Connection, o: SessionSetup): Promise<void> => {
  const { session } = o.options;
  await run(connection, lateSettings(o.options, connection.serverMajorVersion));
  if (session.setup !== undefined) {
    await session.setup(o.setupSession(connection));
    await connection.whenQuiet();
    // Otherwise the statements of borrowers would be part of it, and be undone when they give the connection back.
    if (connection.status !== 'I') throw new Error('session.setup left a transaction open');
  }
  connection.sessionChanged = false;
};

/** Undoes what a lease left behind: an open transaction, and with `pool.reset` the changes of the session. */
export const resetSession = async (connection: Connection, o: SessionSetup): Promise<void> => {
  const { session, pool } = o.options;
  if (connection.status !== 'I') await run(connection, [control('rollback')]);
  if (!connection.sessionChanged || pool.reset === 'none') return;
  await run(connection, [control('discard all')]);
  const { parsedStatements } = connection.driver.connection;
  for (const name of Object.keys(parsedStatements)) Reflect.deleteProperty(parsedStatements, name);
  await run(connection, settingsAfterDiscard(session));
  await setUpSession(connection, o);
};
