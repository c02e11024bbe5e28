import type { CallDefaults } from './call.ts';
import type { LeasePool } from './lease-pool.ts';
import type { QueryTarget } from './query.ts';
import type { ResolvedPostgresOptions } from './resolve-options.ts';
import type { Counters } from './stats.ts';

/** What the parts of one pool share. */
export interface PoolContext {
  readonly options: ResolvedPostgresOptions;
  readonly counters: Counters;
  readonly leases: LeasePool;
  readonly target: QueryTarget;
  readonly defaults: CallDefaults;
}
