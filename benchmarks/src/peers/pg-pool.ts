/** The pool of node-postgres as an arm. */
import type { Client } from 'pg';
import type PgPool from 'pg-pool';

import type { DatabasePlace } from '../arms/postgres/bench-database.ts';
import type { DatabaseArm } from '../arms/postgres/database-arm.ts';
import { CONNECTIONS } from '../arms/postgres/orders.ts';

const CAVEAT = 'No bound on its queue, no deadline, no statistics; a query that fails costs it its connection.';

/** A pool with all its connections open. */
export const openPgPool = async (place: DatabasePlace): Promise<PgPool<Client>> => {
  const { default: Pool } = await import('pg-pool');
  const pool = new Pool({ ...place, max: CONNECTIONS });
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
  for (const client of clients) client.release();
  return pool;
};

type Pool = Awaited<ReturnType<typeof openPgPool>>;

export const pgPool = (
  arm: Pick<DatabaseArm<Pool>, 'operation'> & Partial<Pick<DatabaseArm<Pool>, 'name' | 'role' | 'options' | 'caveat'>>,
): DatabaseArm<Pool> => ({
  name: 'pg-pool',
  role: 'bare',
  package: 'pg-pool',
  options: `max ${CONNECTIONS}, else defaults`,
  caveat: CAVEAT,
  ...arm,
  open: (place) => openPgPool(place),
  close: (pool) => pool.end(),
});
