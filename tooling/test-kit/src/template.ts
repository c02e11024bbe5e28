import type { PostgresAddress } from '@busbar-tooling/dev-services';

import { databaseUrl, withClient } from './postgres-client.ts';
import { runToken, shortHash } from './run-token.ts';

/** How to make the database that others are copied from. */
export interface TemplateSpec {
  /** One name, one content, within a run. */
  readonly name: string;
  /** Fills the empty database at `url` and closes its connections. Called once per run, by whichever process comes first. */
  migrate(url: string): Promise<void>;
}

/** Any number: one template is built at a time. */
const BUILD_LOCK = 7_114_208;

/**
 * The database to copy from, built if it is not there yet. Only a template that is ready refuses connections, and only one that does can
 * be copied by many at once; so that is also how a finished one is told from one whose builder died.
 */
export const templateDatabase = (server: PostgresAddress, spec: TemplateSpec): Promise<string> => {
  const database = `busbar_tpl_${runToken()}_${shortHash(spec.name)}`;
  return withClient(server.adminUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [BUILD_LOCK]);
    const { rows } = await client.query('select 1 from pg_database where datname = $1 and not datallowconn', [
      database,
    ]);
    if (rows.length > 0) return database;
    await client.query(`drop database if exists ${database} with (force)`);
    await client.query(`create database ${database} template template0`);
    await spec.migrate(databaseUrl(server.adminUrl, database));
    await client.query(`alter database ${database} is_template true allow_connections false`);
    return database;
  });
};
