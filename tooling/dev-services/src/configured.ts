/**
 * Servers the developer names: `BUSBAR_POSTGRES_*` and `BUSBAR_KAFKA_BROKERS` come before anything we could start.
 *
 * The test preset takes `BUSBAR_*` out of the workers' environment, so that a developer's settings do not color configuration tests; what
 * concerns services it hands on in `DEV_SERVICES_CONFIGURED`, a JSON object of the same names.
 */
import { DevServiceError } from './errors.ts';
import type { PostgresAddress } from './postgres/server.ts';
import { isJsonRecord, stringOf } from './record.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The `BUSBAR_*` variables as the developer set them. */
const settingsOf = (env: Environment): Readonly<Record<string, unknown>> => {
  const handedOn: unknown = JSON.parse(env['DEV_SERVICES_CONFIGURED'] ?? '{}');
  return { ...(isJsonRecord(handedOn) ? handedOn : {}), ...env };
};

export interface ConfiguredPostgres {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly adminUrl: string;
}

/** The PostgreSQL server named by the environment; `undefined` without `BUSBAR_POSTGRES_HOST`. */
export const configuredPostgres = (env: Environment): ConfiguredPostgres | undefined => {
  const settings = settingsOf(env);
  const host = stringOf(settings, 'BUSBAR_POSTGRES_HOST');
  if (host === '') return undefined;
  const port = Number(stringOf(settings, 'BUSBAR_POSTGRES_PORT') || '5432');
  const user = stringOf(settings, 'BUSBAR_POSTGRES_USER') || 'postgres';
  const password = stringOf(settings, 'BUSBAR_POSTGRES_PASSWORD');
  const database = stringOf(settings, 'BUSBAR_POSTGRES_DATABASE') || 'postgres';
  const url = new URL(`postgres://${host.includes(':') ? `[${host}]` : host}:${port}/${encodeURIComponent(database)}`);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  return { host, port, user, password, adminUrl: url.href };
};

/** The brokers named by the environment, `host:port` each; empty without `BUSBAR_KAFKA_BROKERS`. */
export const configuredBrokers = (env: Environment): readonly string[] =>
  stringOf(settingsOf(env), 'BUSBAR_KAFKA_BROKERS')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');

/** Asks the configured server for its version. @throws {DevServiceError} NOT_AVAILABLE when it does not answer or the role may not create databases. */
export const connectConfigured = async (configured: ConfiguredPostgres): Promise<PostgresAddress> => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: configured.adminUrl, connectionTimeoutMillis: 5_000 });
  const where = `the configured PostgreSQL at ${configured.host}:${configured.port}`;
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; may: boolean }>(
      `select current_setting('server_version') as version, rolcreatedb or rolsuper as may from pg_roles where rolname = current_user`,
    );
    const [row] = rows;
    if (row?.may === true)
      return { ...configured, source: 'configured', version: row.version.split(' ')[0] ?? row.version };
  } catch (cause) {
    throw new DevServiceError('NOT_AVAILABLE', {
      service: 'PostgreSQL',
      reason: `${where} does not answer`,
      help: 'Correct BUSBAR_POSTGRES_*, or unset them to let the tests start a server of their own.',
      cause,
    });
  } finally {
    await client.end().catch(() => undefined); // never connected
  }
  throw new DevServiceError('NOT_AVAILABLE', {
    service: 'PostgreSQL',
    reason: `${where}: the role ${configured.user} may not create databases`,
    help: `Run: alter role "${configured.user}" createdb`,
  });
};
