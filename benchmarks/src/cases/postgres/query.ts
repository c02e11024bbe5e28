/**
 * B-PG-1 and B-PG-2: a query by key with everything that ours does around it, against `pool.query`.
 *
 * Ours prepares the statement by itself, which favours it; pg-pool does so only for a statement with a name, which its
 * documentation leaves to the caller, and postgres.js always.
 */
import { busbarPostgres } from '../../arms/busbar-postgres.ts';
import { databaseArm, type Workload } from '../../arms/postgres/database-arm.ts';
import { mustBeOrder, ORDER_BY_KEY, orderIdAt, READ_TABLES } from '../../arms/postgres/orders.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';
import { pgPool } from '../../peers/pg-pool.ts';
import { postgresJs } from '../../peers/postgres-js.ts';

const CONCURRENCY = [1, 32, 200] as const;
const MAX_RATIO = 1.05;
const MAX_RATIO_WITH_LIMITS = 1.08;
const DEADLINE_MS = 10_000;
const { signal } = new AbortController();

const workloadOf = (concurrency: number): Workload => ({ concurrency, tables: READ_TABLES });

const oursArm = (workload: Workload): Arm =>
  databaseArm(
    busbarPostgres({
      name: 'query',
      operation: async (postgres, index) => {
        const id = orderIdAt(index);
        mustBeOrder(await postgres.query(ORDER_BY_KEY, [id]), id);
      },
    }),
    workload,
  );

const limitedArm = (workload: Workload): Arm =>
  databaseArm(
    busbarPostgres({
      name: 'query with limits',
      options: 'defaults, and a signal and a deadline for each call',
      operation: async (postgres, index) => {
        const id = orderIdAt(index);
        mustBeOrder(await postgres.query(ORDER_BY_KEY, [id], { signal, deadlineMs: DEADLINE_MS }), id);
      },
    }),
    workload,
  );

const pgPoolArm = (workload: Workload): Arm =>
  databaseArm(
    pgPool({
      operation: async (pool, index) => {
        const id = orderIdAt(index);
        mustBeOrder(await pool.query(ORDER_BY_KEY, [id]), id);
      },
    }),
    workload,
  );

const postgresJsArm = (workload: Workload): Arm =>
  databaseArm(
    postgresJs({
      operation: async (sql, index) => {
        const id = orderIdAt(index);
        const rows = await sql`select id, customer_id, amount, state, placed_at from orders where id = ${id}`;
        mustBeOrder({ rows }, id);
      },
    }),
    workload,
  );

const COMMON = {
  requirements: ['R-PG-2', 'R-PR-1'],
  class: 'postgres',
  unit: 'ns/op',
  direction: 'smaller',
  services: ['postgres'],
} as const;

const queryCase = (concurrency: number): Case =>
  defineCase({
    ...COMMON,
    id: 'B-PG-1',
    title: `query with all features ÷ pool.query, ${concurrency} at a time (R-PG-2)`,
    parameters: { concurrency },
    arms: [oursArm, pgPoolArm, postgresJsArm].map((arm) => arm(workloadOf(concurrency))),
    targets: [
      { ours: 'query', reference: 'pg-pool', metric: 'time', bound: MAX_RATIO, kind: 'ratio', note: 'aim 0.95' },
    ],
  });

const limitedCase = (concurrency: number): Case =>
  defineCase({
    ...COMMON,
    id: 'B-PG-2',
    title: `query with signal and deadline ÷ pool.query, ${concurrency} at a time (R-PG-2)`,
    parameters: { concurrency },
    arms: [limitedArm, pgPoolArm].map((arm) => arm(workloadOf(concurrency))),
    targets: [
      { ours: 'query with limits', reference: 'pg-pool', metric: 'time', bound: MAX_RATIO_WITH_LIMITS, kind: 'ratio' },
    ],
  });

export const cases: readonly Case[] = [...CONCURRENCY.map(queryCase), limitedCase(32)];
