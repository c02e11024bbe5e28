/** Our pool as an arm. */
import type { Postgres, PostgresOptions } from '@busbar/postgres';

import type { DatabasePlace } from './postgres/bench-database.ts';
import type { DatabaseArm } from './postgres/database-arm.ts';
import { CONNECTIONS } from './postgres/orders.ts';

/** The defaults with statistics, guard, statement cache, deadlines and leak watch; all connections open. */
export const openBusbar = async (place: DatabasePlace, own: Partial<PostgresOptions> = {}): Promise<Postgres> => {
  const { createPostgres } = await import('@busbar/postgres');
  const postgres = createPostgres({ ...place, tls: { mode: 'disable' }, pool: { max: CONNECTIONS }, ...own });
  await postgres.warmup(CONNECTIONS);
  return postgres;
};

type BusbarArm = Pick<DatabaseArm<Postgres>, 'name' | 'operation' | 'verify' | 'options'>;

export const busbarPostgres = (arm: BusbarArm, own: Partial<PostgresOptions> = {}): DatabaseArm<Postgres> => ({
  role: 'ours',
  package: '@busbar/postgres',
  ...arm,
  options: arm.options ?? `pool.max ${CONNECTIONS}, else defaults; a statement is prepared at its fourth use`,
  open: (place) => openBusbar(place, own),
  close: (postgres) => postgres.close(),
});
