/**
 * Tests that leave something open fail: sockets, servers, child processes, and connections to their database.
 *
 *     useLeakChecks();                                  // at the top of a file or describe
 *     useLeakChecks({ database: useTestDatabase() });   // and nobody may still be connected to the database after a test
 */
import { afterEach, beforeEach } from 'vitest';

import { withClient } from './postgres-client.ts';
import type { TestDatabase } from './test-database.ts';

export interface LeakCheckOptions {
  readonly database?: () => TestDatabase;
}

const WATCHED: ReadonlySet<string> = new Set(['TCPSocketWrap', 'TCPServerWrap', 'PipeServerWrap', 'ProcessWrap']);

/** Closing takes some turns of the event loop, and a backend some milliseconds after its client. */
const CLOSES_WITHIN_MS = 1_000;

/** How many of each watched kind keep this process alive. */
const openResources = (): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (WATCHED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
};

/** What there is more of than before: `2 TCPSocketWrap`. */
export const grownResources = (
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): readonly string[] =>
  [...after]
    .map(([kind, count]) => ({ kind, more: count - (before.get(kind) ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(({ kind, more }) => `${more} ${kind}`);

const BACKENDS_SQL = `select coalesce(nullif(application_name, ''), 'unnamed') || ', ' || state as backend
  from pg_stat_activity where datname = $1 and backend_type = 'client backend' and pid <> pg_backend_pid()`;

const openBackends = ({ url, database }: TestDatabase): Promise<readonly string[]> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ backend: string }>(BACKENDS_SQL, [database]);
    return rows.map(({ backend }) => `a connection to ${database}: ${backend}`);
  });

/** Asks until nothing is open, for a second at most; resolves with what still is. */
const remaining = async (ask: () => Promise<readonly string[]>): Promise<readonly string[]> => {
  const endAt = performance.now() + CLOSES_WITHIN_MS;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each look follows the last
    const open = await ask();
    if (open.length === 0 || performance.now() >= endAt) return open;
    // oxlint-disable-next-line no-await-in-loop -- the pause between two looks
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
};

/** Registers the checks for the tests of a file or suite. */
export const useLeakChecks = (o: LeakCheckOptions = {}): void => {
  let before: ReadonlyMap<string, number> = new Map();
  beforeEach(() => {
    before = openResources();
  });
  afterEach(async (ctx) => {
    if (ctx.task.result?.state === 'skip') return;
    const { database } = o;
    const open = [
      ...(await remaining(() => Promise.resolve(grownResources(before, openResources())))),
      ...(database === undefined ? [] : await remaining(() => openBackends(database()))),
    ];
    if (open.length > 0) throw new Error(`the test left open: ${open.join('; ')}`);
  });
};
