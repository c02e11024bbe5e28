import type { PostgresSettings } from '../configured.ts';
import { DevServiceError } from '../errors.ts';
import type { PostgresService } from './server.ts';

/** A server that the developer named: it has room for databases, and it is not ours to break or to end. */
export class ConfiguredPostgres implements PostgresService {
  readonly available = true;
  readonly source = 'configured';
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly adminUrl: string;

  constructor(settings: PostgresSettings, version: string) {
    this.version = version;
    this.host = settings.host;
    this.port = settings.port;
    this.user = settings.user;
    this.password = settings.password;
    this.adminUrl = settings.adminUrl;
  }

  stop(): Promise<never> {
    return this.#refuse();
  }

  start(): Promise<never> {
    return this.#refuse();
  }

  kill(): Promise<never> {
    return this.#refuse();
  }

  freeze(): Promise<never> {
    return this.#refuse();
  }

  thaw(): Promise<never> {
    return this.#refuse();
  }

  logTail(): string {
    return '';
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #refuse(): Promise<never> {
    return Promise.reject(
      new DevServiceError('UNSUPPORTED_FAULT', {
        service: 'PostgreSQL',
        reason: `the server at ${this.host}:${this.port} is configured by BUSBAR_POSTGRES_* and not ours to break`,
        help: 'Unset BUSBAR_POSTGRES_HOST to run on a server of our own.',
      }),
    );
  }
}

const ROLE_SQL = `select current_setting('server_version') as version, rolcreatedb or rolsuper as may
  from pg_roles where rolname = current_user`;

const askForVersion = async (settings: PostgresSettings): Promise<string | undefined> => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: settings.adminUrl, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; may: boolean }>(ROLE_SQL);
    const [row] = rows;
    return row?.may === true ? row.version.split(' ')[0] : undefined;
  } catch (cause) {
    throw new DevServiceError('NOT_AVAILABLE', {
      service: 'PostgreSQL',
      reason: `the configured PostgreSQL at ${settings.host}:${settings.port} does not answer`,
      help: 'Correct BUSBAR_POSTGRES_*, or unset them to let the tests start a server of their own.',
      cause,
    });
  } finally {
    await client.end().catch(() => undefined); // never connected
  }
};

/** The configured server. @throws {DevServiceError} NOT_AVAILABLE when it does not answer, or its role may not create databases. */
export const checkConfiguredPostgres = async (settings: PostgresSettings): Promise<ConfiguredPostgres> => {
  const version = await askForVersion(settings);
  if (version !== undefined) return new ConfiguredPostgres(settings, version);
  throw new DevServiceError('NOT_AVAILABLE', {
    service: 'PostgreSQL',
    reason: `the configured PostgreSQL at ${settings.host}:${settings.port}: the role ${settings.user} may not create databases`,
    help: `Run: alter role "${settings.user}" createdb`,
  });
};
