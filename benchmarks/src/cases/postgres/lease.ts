/** B-PG-3: a connection and back, without any statement. */
import { busbarPostgres } from '../../arms/busbar-postgres.ts';
import { mustBe } from '../../arms/looped-arm.ts';
import { databaseArm, type Workload } from '../../arms/postgres/database-arm.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';
import { pgPool } from '../../peers/pg-pool.ts';

const CONCURRENCY = [1, 32] as const;
const MAX_RATIO = 0.6;
const MAX_RATIO_WITH_STACKS = 0.9;

const leaseArm = (name: string, stack: 'adaptive' | 'sampled', workload: Workload): Arm => {
  // The client outlives a visit, and its warm-up has taken connections as well.
  let before: number | undefined;
  return databaseArm(
    busbarPostgres(
      {
        name,
        options: `a label for each lease; leak.stack ${stack}`,
        operation: async (postgres) => {
          before ??= postgres.stats().acquired;
          (await postgres.lease({ label: 'bench' })).release();
        },
        verify: (postgres, operations) => {
          mustBe('stats().acquired', postgres.stats().acquired - (before ?? 0), operations);
          mustBe('stats().leased', postgres.stats().leased, 0);
        },
      },
      { leak: { stack } },
    ),
    workload,
  );
};

const pgPoolArm = (workload: Workload): Arm =>
  databaseArm(
    pgPool({
      operation: async (pool) => {
        (await pool.connect()).release();
      },
      caveat: 'Tells nobody who holds a connection, and hands one on whatever state it is in.',
    }),
    workload,
  );

export const cases: readonly Case[] = CONCURRENCY.map((concurrency) => {
  const workload: Workload = { concurrency, tables: '' };
  return defineCase({
    id: 'B-PG-3',
    title: `lease and release ÷ connect and release, ${concurrency} at a time (R-PG-2)`,
    requirements: ['R-PG-2'],
    class: 'postgres',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { concurrency },
    services: ['postgres'],
    arms: [
      leaseArm('lease', 'adaptive', workload),
      leaseArm('lease with stacks', 'sampled', workload),
      pgPoolArm(workload),
    ],
    targets: [
      { ours: 'lease', reference: 'pg-pool', metric: 'time', bound: MAX_RATIO, kind: 'ratio' },
      { ours: 'lease with stacks', reference: 'pg-pool', metric: 'time', bound: MAX_RATIO_WITH_STACKS, kind: 'ratio' },
    ],
  });
});
