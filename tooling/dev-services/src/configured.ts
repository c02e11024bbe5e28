/**
 * Servers the developer names: `BUSBAR_POSTGRES_*` and `BUSBAR_KAFKA_BROKERS` come before anything we could start.
 *
 * The test preset takes `BUSBAR_*` out of the workers' environment, so that a developer's settings do not color configuration tests; what
 * concerns services it hands on in `DEV_SERVICES_CONFIGURED`, a JSON object of the same names.
 */
import { isJsonRecord, stringOf } from './record.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The `BUSBAR_*` variables as the developer set them. */
const settingsOf = (env: Environment): Readonly<Record<string, unknown>> => {
  const handedOn: unknown = JSON.parse(env['DEV_SERVICES_CONFIGURED'] ?? '{}');
  return { ...(isJsonRecord(handedOn) ? handedOn : {}), ...env };
};

/** The brokers named by the environment, `host:port` each; empty without `BUSBAR_KAFKA_BROKERS`. */
export const configuredBrokers = (env: Environment): readonly string[] =>
  stringOf(settingsOf(env), 'BUSBAR_KAFKA_BROKERS')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');

/** Where the environment says that PostgreSQL is. */
export interface PostgresSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly adminUrl: string;
}

/** The PostgreSQL server named by the environment; `undefined` without `BUSBAR_POSTGRES_HOST`. */
export const configuredPostgres = (env: Environment): PostgresSettings | undefined => {
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
