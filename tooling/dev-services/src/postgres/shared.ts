import { configuredPostgres } from '../configured.ts';
import { type JsonRecord, numberOf, stringOf } from '../record.ts';
import type { Run } from '../run-folder.ts';
import { isUnavailable, sharedRecord, sharedRun, type Unavailable, unavailableOf } from '../shared-services.ts';
import { checkConfiguredPostgres } from './configured-postgres.ts';
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

const sharedFrom = (record: JsonRecord): SharedPostgres => ({
  available: true,
  source: stringOf(record, 'source') === 'configured' ? 'configured' : 'embedded',
  version: stringOf(record, 'version'),
  host: stringOf(record, 'host'),
  port: numberOf(record, 'port'),
  user: stringOf(record, 'user'),
  password: stringOf(record, 'password'),
  adminUrl: stringOf(record, 'adminUrl'),
});

/** The configured server, else one of ours that ends with the run. */
const startShared = async (run: Run): Promise<JsonRecord> => {
  const configured = configuredPostgres(process.env);
  return addressRecord(
    configured === undefined ? await startPostgres({}, run) : await checkConfiguredPostgres(configured),
  );
};

/**
 * The run's shared PostgreSQL, started by the first caller of all processes.
 * @throws {DevServiceError} when it is there but does not start; a missing one is an answer, not an error.
 */
export const sharedPostgres = async (run?: Run): Promise<SharedPostgres | Unavailable> => {
  const itsRun = run ?? (await sharedRun());
  const record = await sharedRecord(itsRun, 'postgres', () => startShared(itsRun));
  return isUnavailable(record) ? unavailableOf(record) : sharedFrom(record);
};
