/**
 * Names of databases say which run on which machine they belong to, so that on a configured server a later run can drop what a killed run
 * left behind, and nothing else.
 */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

import { processRef, testRunOwner } from '@busbar-tooling/dev-services';

import { withClient } from './postgres-client.ts';

/** Six hexadecimal digits. */
export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 6);

const tokenOf = (owner: { readonly pid: number; readonly startedAt: string }): string =>
  `${shortHash(hostname())}_${owner.pid}_${shortHash(owner.startedAt)}`;

/** `<machine>_<pid>_<start>` of the process that runs the tests. */
export const runToken = (): string => tokenOf(testRunOwner());

/** Whether a database was made by a run of this machine that has ended. */
export const isOfDeadRun = (database: string): boolean => {
  const [, token, pid] = /^busbar_(?:test|tpl)_([0-9a-f]{6}_(\d+)_[0-9a-f]{6})_/.exec(database) ?? [];
  if (token === undefined || !token.startsWith(shortHash(hostname()))) return false;
  const owner = processRef(Number(pid));
  return owner === undefined || tokenOf(owner) !== token;
};

const swept = new Map<string, Promise<void>>();

const dropDead = (adminUrl: string): Promise<void> =>
  withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      `select datname from pg_database where datname like 'busbar\\_%'`,
    );
    for (const { datname } of rows.filter((row) => isOfDeadRun(row.datname))) {
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await client.query(`alter database ${datname} is_template false`).catch(() => undefined); // another run was faster
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await client.query(`drop database if exists ${datname} with (force)`);
    }
  });

/** Drops the databases of dead runs, once per process and server. */
export const sweepDeadDatabases = (adminUrl: string): Promise<void> => {
  const known = swept.get(adminUrl) ?? dropDead(adminUrl);
  swept.set(adminUrl, known);
  return known;
};
