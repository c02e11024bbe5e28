/** B-PG-12: a thousand rows at once, against a thousand inserts awaited one after the other, and against COPY on the same connection. */
import { busbarPostgres } from '../../arms/busbar-postgres.ts';
import { mustBe } from '../../arms/looped-arm.ts';
import { databaseArm, type Workload } from '../../arms/postgres/database-arm.ts';
import { PLACE, placeValues, WRITE_TABLES } from '../../arms/postgres/orders.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';
import { pgPool } from '../../peers/pg-pool.ts';

const ROWS = 1_000;
const MAX_RATIO_TO_SINGLE = 0.35;
const MAX_RATIO_TO_COPY = 1.6;
const WORKLOAD: Workload = {
  concurrency: 1,
  tables: WRITE_TABLES,
  written: { count: 'select count(*) from placed', each: ROWS },
};
const COLUMNS = [
  { name: 'customer_id', type: 'int4' },
  { name: 'amount', type: 'int4' },
];

const rowsOf = (operation: number): [customerId: number, amount: number][] =>
  Array.from({ length: ROWS }, (_, row) => placeValues(operation + row));

const COPY = 'copy placed (customer_id, amount) from stdin';

async function* textOf(rows: readonly (readonly number[])[]): AsyncIterable<string> {
  yield rows.map((row) => `${row.join('\t')}\n`).join('');
}

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-PG-12',
    title: 'insertMany of 1 000 rows ÷ awaited single inserts; ÷ COPY (R-PG-2)',
    requirements: ['R-PG-2'],
    class: 'postgres',
    unit: 'ms/op',
    direction: 'smaller',
    parameters: { rows: ROWS },
    services: ['postgres'],
    arms: [
      databaseArm(
        busbarPostgres({
          name: 'insertMany',
          operation: async (postgres, index) => {
            const { rows } = await postgres.insertMany({ table: 'placed', columns: COLUMNS, rows: rowsOf(index) });
            mustBe('rows inserted', rows, ROWS);
          },
        }),
        WORKLOAD,
      ),
      databaseArm(
        pgPool({
          name: 'single inserts',
          role: 'baseline',
          operation: async (pool, index) => {
            for (const row of rowsOf(index)) await pool.query(PLACE, row);
          },
          caveat: 'Not all or nothing.',
        }),
        WORKLOAD,
      ),
      databaseArm(
        {
          ...busbarPostgres({
            name: 'COPY',
            options: 'copyIn, rows as one text',
            operation: async (postgres, index) => {
              const { rows } = await postgres.copyIn(COPY, textOf(rowsOf(index)));
              mustBe('rows copied', rows, ROWS);
            },
          }),
          role: 'baseline',
          caveat: 'No RETURNING, no ON CONFLICT, and no type but text.',
        },
        WORKLOAD,
      ),
    ],
    targets: [
      { ours: 'insertMany', reference: 'single inserts', metric: 'time', bound: MAX_RATIO_TO_SINGLE, kind: 'ratio' },
      { ours: 'insertMany', reference: 'COPY', metric: 'time', bound: MAX_RATIO_TO_COPY, kind: 'ratio' },
    ],
  }),
];
