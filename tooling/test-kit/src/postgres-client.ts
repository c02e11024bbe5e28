import pg from 'pg';

/** Runs `use` on a connection of its own and closes it. */
export const withClient = async <T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url, application_name: 'test-kit' });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

/** The same server, another database. */
export const databaseUrl = (url: string, database: string): string => {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
};
