/**
 * B-PG-6: two inserts that happen together, in a transaction whose second statement rides in the COMMIT, and in an atomic batch,
 * against BEGIN, both statements and COMMIT awaited one after the other.
 *
 * The server does not wait for the disk, so that what is compared are round trips and not the speed of a disk.
 */
import { busbarPostgres } from '../../arms/busbar-postgres.ts';
import { databaseArm, type Workload } from '../../arms/postgres/database-arm.ts';
import { ANNOUNCE, announceValues, PLACE, placeValues, WRITE_TABLES } from '../../arms/postgres/orders.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';
import { pgPool } from '../../peers/pg-pool.ts';

const MAX_RATIO = 0.65;
const MAX_RATIO_LOADED = 0.9;
const LOADED = 32;
const ROWS = 2;

const transactionArm = (workload: Workload): Arm =>
  databaseArm(
    busbarPostgres({
      name: 'tx with commitWith',
      operation: (postgres, index) =>
        postgres.tx(async (tx) => {
          tx.commitWith({ text: ANNOUNCE, values: announceValues(index) });
          await tx.query(PLACE, placeValues(index));
        }),
    }),
    workload,
  );

const batchArm = (workload: Workload): Arm =>
  databaseArm(
    busbarPostgres({
      name: 'batch',
      operation: (postgres, index) =>
        postgres.batch([
          { text: PLACE, values: placeValues(index) },
          { text: ANNOUNCE, values: announceValues(index) },
        ]),
    }),
    workload,
  );

const awaitedArm = (workload: Workload): Arm =>
  databaseArm(
    pgPool({
      name: 'four awaited',
      role: 'baseline',
      operation: async (pool, index) => {
        const client = await pool.connect();
        await client.query('begin');
        await client.query(PLACE, placeValues(index));
        await client.query(ANNOUNCE, announceValues(index));
        await client.query('commit');
        client.release();
      },
      caveat:
        'Does not look at the tag of COMMIT, and a statement that fails leaves its connection in the transaction.',
    }),
    workload,
  );

const transactionCase = (concurrency: number, txBound: number): Case => {
  const workload: Workload = {
    concurrency,
    tables: WRITE_TABLES,
    written: { count: 'select (select count(*) from placed) + (select count(*) from events)', each: ROWS },
  };
  return defineCase({
    id: 'B-PG-6',
    title: `two inserts that happen together ÷ four awaited round trips, ${concurrency} at a time (R-PG-2)`,
    requirements: ['R-PG-2'],
    class: 'postgres',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { concurrency },
    services: ['postgres'],
    arms: [transactionArm, batchArm, awaitedArm].map((arm) => arm(workload)),
    targets: [
      { ours: 'tx with commitWith', reference: 'four awaited', metric: 'time', bound: txBound, kind: 'ratio' },
      { ours: 'batch', reference: 'four awaited', metric: 'time', bound: MAX_RATIO, kind: 'ratio' },
    ],
  });
};

export const cases: readonly Case[] = [transactionCase(1, MAX_RATIO), transactionCase(LOADED, MAX_RATIO_LOADED)];
