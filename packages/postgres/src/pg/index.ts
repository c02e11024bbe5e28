/**
 * `asPgPool` and `adaptPool` with the types of `pg`: the only declarations of this package that mention them. They need `@types/pg`.
 * @module
 */
import { Pool } from 'pg';

import type { AdaptOptions } from '../adapt-options.ts';
import { adaptPool as adapt } from '../adapt-pool.ts';
import type { Postgres } from '../postgres.ts';
import { ArgumentInvalidError } from '../usage-errors.ts';

/**
 * `postgres.asPgPool()` as what it is to `pg`.
 * @throws {@link ArgumentInvalidError} where two copies of `pg` are installed, so that the pool is no `Pool` of this one
 */
export const asPgPool = (postgres: Postgres): Pool => {
  const pool: unknown = postgres.asPgPool();
  if (pool instanceof Pool) return pool;
  throw new ArgumentInvalidError({ argument: 'postgres', expected: 'one of createPostgres, with the same copy of pg' });
};

/** {@link adapt} for a pool of `pg` itself. */
export const adaptPool = (pool: Pool, options?: AdaptOptions): Postgres => adapt(pool, options);
