/** B-PG-5: a query that the server refuses, 23505, against `pool.query`, which ends the connection each time (H4). */
import { busbarPostgres } from '../../arms/busbar-postgres.ts';
import { databaseArm, type Workload } from '../../arms/postgres/database-arm.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';
import { pgPool } from '../../peers/pg-pool.ts';

const MAX_RATIO = 0.15;
const UNIQUE_VIOLATION = '23505';
const TAKEN = 1;
const WORKLOAD: Workload = {
  concurrency: 1,
  tables: `create table if not exists taken (id int primary key); insert into taken values (${TAKEN}) on conflict do nothing`,
};
const TAKE = 'insert into taken (id) values ($1)';

/** Throws unless the call was refused, with that code. */
const mustBeRefused = async (call: Promise<unknown>, codeOf: (error: unknown) => unknown): Promise<void> => {
  const met = await call.then(
    () => 'no error',
    (error: unknown) => codeOf(error),
  );
  if (met !== UNIQUE_VIOLATION) throw new Error(`the server must refuse with ${UNIQUE_VIOLATION}, not ${String(met)}`);
};

const sqlState = (error: unknown): unknown =>
  error instanceof Error && 'sqlState' in error ? error.sqlState : String(error);

const driverCode = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : String(error);

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-PG-5',
    title: 'a query that fails with 23505 ÷ failing pool.query (R-PG-5)',
    requirements: ['R-PG-5'],
    class: 'postgres',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { concurrency: WORKLOAD.concurrency },
    services: ['postgres'],
    arms: [
      databaseArm(
        busbarPostgres({
          name: 'query',
          operation: (postgres) => mustBeRefused(postgres.query(TAKE, [TAKEN]), sqlState),
        }),
        WORKLOAD,
      ),
      databaseArm(
        pgPool({
          operation: (pool) => mustBeRefused(pool.query(TAKE, [TAKEN]), driverCode),
          caveat: 'Ends the connection, so the next query opens one.',
        }),
        WORKLOAD,
      ),
    ],
    targets: [{ ours: 'query', reference: 'pg-pool', metric: 'time', bound: MAX_RATIO, kind: 'ratio' }],
  }),
];
