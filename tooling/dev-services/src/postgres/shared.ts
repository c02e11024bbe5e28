import { type JsonRecord, numberOf, stringOf } from '../record.ts';
import type { Run } from '../run-folder.ts';
import { isUnavailable, sharedRecord, sharedRun, type Unavailable, unavailableOf } from '../shared-services.ts';
import { findPostgres } from './find-postgres.ts';
import { type PostgresAddress, startPostgres } from './server.ts';

/** A server shared by many test files: an address and nothing that could disturb a neighbor. */
export interface SharedPostgres extends PostgresAddress {
  readonly available: true;
}

/** What other processes need to reach a server. */
export const addressRecord = (address: PostgresAddress): JsonRecord => {
  const { source, version, host, port, user, password, adminUrl } = address;
  return { available: true, source, version, host, port, user, password, adminUrl };
};

const SOURCES = ['configured', 'embedded', 'system', 'docker'] as const;

const sharedFrom = (record: JsonRecord): SharedPostgres => ({
  available: true,
  source: SOURCES.find((source) => source === stringOf(record, 'source')) ?? 'embedded',
  version: stringOf(record, 'version'),
  host: stringOf(record, 'host'),
  port: numberOf(record, 'port'),
  user: stringOf(record, 'user'),
  password: stringOf(record, 'password'),
  adminUrl: stringOf(record, 'adminUrl'),
});

const attach = async (
  run: Run,
  name: string,
  start: () => Promise<PostgresAddress>,
): Promise<SharedPostgres | Unavailable> => {
  const record = await sharedRecord(run, name, async () => addressRecord(await start()));
  return isUnavailable(record) ? unavailableOf(record) : sharedFrom(record);
};

/**
 * The run's shared PostgreSQL, started by the first caller of all processes.
 * @throws {DevServiceError} when it is there but does not start; a missing one is an answer, not an error.
 */
export const sharedPostgres = async (run?: Run): Promise<SharedPostgres | Unavailable> => {
  const itsRun = run ?? (await sharedRun());
  return attach(itsRun, 'postgres', () => findPostgres(itsRun, {}));
};

/** The run's shared PostgreSQL of a major version that Debian has installed, beside {@link sharedPostgres}. */
export const sharedPostgresOf = async (version: number): Promise<SharedPostgres | Unavailable> => {
  const run = await sharedRun();
  return attach(run, `postgres-${version}`, () => startPostgres({ version }, run));
};
