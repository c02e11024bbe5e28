import { resolveAdaptOptions, type AdaptOptions } from './adapt-options.ts';
import { AdaptedSource } from './adapted-source.ts';
import { ConnectionManager } from './connection-manager.ts';
import type { PgPoolPort } from './pg-port.ts';
import type { Postgres } from './postgres.ts';

/**
 * A `Postgres` on the connections of a `pg.Pool` that stays its caller's: each lease takes one of its clients and gives it back, so that whoever uses the
 * pool otherwise is not starved. `close()` ends what was leased, never the pool. How sessions are set up, and how many sockets are open, is the pool's
 * affair; `recycle()` ends clients as they come back, and `listen()` is refused, as it needs a connection of its own.
 * @throws {@link PostgresOptionsError} with the problems of the options
 */
export const adaptPool = (pool: PgPoolPort, options: AdaptOptions = {}): Postgres => {
  const resolved = resolveAdaptOptions(pool, options);
  return new ConnectionManager(resolved, (counters) => new AdaptedSource(pool, resolved, counters.statements));
};
