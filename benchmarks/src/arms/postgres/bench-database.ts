/** The database of the whole run: on the configured server, else on one that the first case that wants it starts. */
import { once } from '../once.ts';

export interface DatabasePlace {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface BenchDatabase {
  readonly place: DatabasePlace;
  /** Runs statements, several in one text, as superuser. */
  run(text: string): Promise<void>;
  /** The one number that a query answers. */
  number(text: string): Promise<number>;
}

const DATABASE = 'busbar_bench';
const DUPLICATE_DATABASE = '42P04';

const createDatabase = async (adminUrl: string): Promise<void> => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`create database ${DATABASE}`);
  } catch (error) {
    // Made by the process of an earlier round.
    if (!(error instanceof pg.DatabaseError) || error.code !== DUPLICATE_DATABASE) throw error;
  } finally {
    await client.end();
  }
};

/** @throws Error where there is no PostgreSQL, saying why and what to do */
export const benchDatabase = once(async (): Promise<BenchDatabase> => {
  const { sharedPostgres } = await import('@busbar-tooling/dev-services');
  const server = await sharedPostgres();
  if (!server.available) throw new Error(`no PostgreSQL: ${server.reason} ${server.help}`);
  const { adminUrl, host, port, user, password } = server;
  await createDatabase(adminUrl);
  const place = { host, port, user, password, database: DATABASE };
  const { default: pg } = await import('pg');
  const client = new pg.Client({ ...place, options: '-c client_min_messages=error' });
  await client.connect();
  return {
    place,
    run: async (text) => {
      await client.query(text);
    },
    number: async (text) => {
      const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
      return Number(rows[0]?.[0]);
    },
  };
});
