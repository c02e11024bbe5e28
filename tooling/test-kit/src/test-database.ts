/**
 * A database of one's own on the run's shared PostgreSQL: per file or suite, or per test with `await using`.
 *
 *     const db = useTestDatabase();                                     // at the top of a file or describe; options as below
 *     test('…', () => connect(db().url));                               // { url, host, port, database, user, password }
 *
 *     test('…', async (ctx) => {
 *       await using db = await testDatabase(ctx, { template: OUTBOX }); // a copy of a migrated database, 40 ms
 *     });
 *     const OUTBOX: TemplateSpec = {
 *       name: 'outbox',
 *       migrate: async (url) => { … run the migrations on the empty database at url, close all connections … },
 *     };
 *
 * Instead of a context an address is taken too: `testDatabase(await startPostgres())`. The user is a superuser on a server of ours and the
 * configured role on a configured one. Disposing drops the database and ends what is still connected to it.
 */
import { randomBytes } from 'node:crypto';

import type { PostgresAddress } from '@busbar-tooling/dev-services';
import { afterAll, expect } from 'vitest';

import { databaseUrl, withClient } from './postgres-client.ts';
import { requireService, type ServiceUser, suiteResource } from './require-service.ts';
import { runToken, shortHash, sweepDeadDatabases } from './run-token.ts';
import { type TemplateSpec, templateDatabase } from './template.ts';

export type { TemplateSpec } from './template.ts';

export interface TestDatabase extends AsyncDisposable {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

export interface TestDatabaseOptions {
  /** What it is a copy of; default: `empty`. */
  readonly template?: 'empty' | TemplateSpec;
  /** Where it is made unless an address is given; default: `postgres`. */
  readonly server?: 'postgres' | 'postgres-15';
}

/** `busbar_test_<run>_<test file>_<random>`, 63 bytes at most. */
const newName = (): string =>
  `busbar_test_${runToken()}_${shortHash(expect.getState().testPath ?? '')}_${randomBytes(3).toString('hex')}`;

/** Copying the files beats writing them through the log by a factor of three; PostgreSQL 14 knows only its own way. */
const strategyOf = (version: string): string => (Number.parseInt(version, 10) >= 15 ? ' strategy file_copy' : '');

/**
 * Creates a database for the caller alone. Concurrent calls, also from several processes, build a template once.
 * In a suite or test without PostgreSQL it skips or fails like `requireService`.
 */
export const testDatabase = async (
  on: ServiceUser | PostgresAddress,
  o: TestDatabaseOptions = {},
): Promise<TestDatabase> => {
  const server = 'adminUrl' in on ? on : await requireService(on, o.server ?? 'postgres');
  if (server.source === 'configured') await sweepDeadDatabases(server.adminUrl);
  const template =
    o.template === undefined || o.template === 'empty' ? 'template0' : await templateDatabase(server, o.template);
  const database = newName();
  await withClient(server.adminUrl, (client) =>
    client.query(`create database ${database} template ${template}${strategyOf(server.version)}`),
  );
  const { host, port, user, password } = server;
  return {
    url: databaseUrl(server.adminUrl, database),
    host,
    port,
    database,
    user,
    password,
    [Symbol.asyncDispose]: async () => {
      await withClient(server.adminUrl, (client) => client.query(`drop database if exists ${database} with (force)`));
    },
  };
};

/** {@link testDatabase} for all tests of a file or suite: call it where `beforeAll` may be called, and the result inside the tests. */
export const useTestDatabase = (o: TestDatabaseOptions = {}): (() => TestDatabase) => {
  let made: TestDatabase | undefined;
  const database = suiteResource(async (suite) => (made = await testDatabase(suite, o)));
  afterAll(async () => {
    await made?.[Symbol.asyncDispose](); // a skipped suite has none
  });
  return database;
};
