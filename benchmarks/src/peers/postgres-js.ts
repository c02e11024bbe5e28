/** postgres.js as an arm. */
import type { Sql } from 'postgres';

import type { DatabasePlace } from '../arms/postgres/bench-database.ts';
import type { DatabaseArm } from '../arms/postgres/database-arm.ts';
import { CONNECTIONS } from '../arms/postgres/orders.ts';

const CLOSE_WITHIN_S = 5;

const openPostgresJs = async ({ host, port, user, password, database }: DatabasePlace): Promise<Sql> => {
  const { default: postgres } = await import('postgres');
  const sql = postgres({ host, port, username: user, password, database, max: CONNECTIONS });
  await Promise.all(Array.from({ length: CONNECTIONS }, () => sql`select pg_sleep(0.01)`));
  return sql;
};

export const postgresJs = (
  arm: Pick<DatabaseArm<Sql>, 'operation'> & Partial<Pick<DatabaseArm<Sql>, 'options' | 'caveat'>>,
): DatabaseArm<Sql> => ({
  name: 'postgres.js',
  role: 'peer',
  package: 'postgres',
  options: `max ${CONNECTIONS}, else defaults: every statement is prepared, and pipelined behind others of its connection`,
  caveat: 'No bound on its queue, no deadline, no limit on the time to get a connection.',
  ...arm,
  open: openPostgresJs,
  close: (sql) => sql.end({ timeout: CLOSE_WITHIN_S }),
});
