/** B-PG-10: an order with its lines, a join by keys, prepared by the statement cache against planned each time. */
import { busbarPostgres } from '../../arms/busbar-postgres.ts';
import { mustBe } from '../../arms/looped-arm.ts';
import { databaseArm, type Workload } from '../../arms/postgres/database-arm.ts';
import { LINES, mustBeOrder, ORDER_WITH_LINES, orderIdAt, READ_TABLES } from '../../arms/postgres/orders.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';
import { pgPool } from '../../peers/pg-pool.ts';

const MAX_RATIO = 0.65;
const WORKLOAD: Workload = { concurrency: 1, tables: `${READ_TABLES}; analyze` };

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-PG-10',
    title: 'a join by key from the statement cache ÷ unnamed (R-PG-2)',
    requirements: ['R-PG-2'],
    class: 'postgres',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { concurrency: WORKLOAD.concurrency },
    services: ['postgres'],
    arms: [
      databaseArm(
        busbarPostgres({
          name: 'cached',
          operation: async (postgres, index) => {
            const id = orderIdAt(index);
            mustBeOrder(await postgres.query(ORDER_WITH_LINES, [id]), id, LINES);
          },
          verify: (postgres, operations) => {
            const { hits, misses } = postgres.stats().statements;
            if (hits < operations / 2) throw new Error(`${hits} of ${operations} were prepared, ${misses} not`);
          },
        }),
        WORKLOAD,
      ),
      databaseArm(
        {
          ...busbarPostgres({
            name: 'unnamed',
            options: 'the same pool, `name: false`',
            operation: async (postgres, index) => {
              const id = orderIdAt(index);
              mustBeOrder(await postgres.query(ORDER_WITH_LINES, [id], { name: false }), id, LINES);
            },
            verify: (postgres) => {
              mustBe('stats().statements.hits', postgres.stats().statements.hits, 0);
            },
          }),
          role: 'baseline',
        },
        WORKLOAD,
      ),
      databaseArm(
        pgPool({
          operation: async (pool, index) => {
            const id = orderIdAt(index);
            mustBeOrder(await pool.query(ORDER_WITH_LINES, [id]), id, LINES);
          },
        }),
        WORKLOAD,
      ),
    ],
    targets: [{ ours: 'cached', reference: 'unnamed', metric: 'time', bound: MAX_RATIO, kind: 'ratio' }],
  }),
];
