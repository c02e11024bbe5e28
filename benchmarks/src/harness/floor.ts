/**
 * The A/A cases: two identical arms, one case for each class. What their comparison finds is noise, and is the floor below
 * which no difference of a case of that class counts (BM-11). Loaded by the process of a round like any file of cases.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { startFakeKafka } from '../arms/kafka/fake-kafka.ts';
import { producingArm } from '../arms/kafka/producing-arm.ts';
import { once } from '../arms/once.ts';
import { ownFunction } from '../arms/own-loop.ts';
import { databaseArm } from '../arms/postgres/database-arm.ts';
import { mustBeOrder, ORDER_BY_KEY, orderIdAt, READ_TABLES } from '../arms/postgres/orders.ts';
import { kafkaJsBatchArm } from '../peers/kafkajs-producer.ts';
import { pgPool } from '../peers/pg-pool.ts';
import type { CaseClass } from '../results/schema.ts';
import type { LocatedCase } from './case-files.ts';
import { type Arm, type Case, defineCase, type Visit } from './define-case.ts';

const CLOSED: Pick<Visit, 'close'> = { close: () => Promise.resolve() };

type SyncLoop = (iterations: number) => number;
type AsyncLoop = (iterations: number) => Promise<void>;

const SYNC_LOOP = `(iterations) => {
  let sum = 0;
  for (let index = 0; index < iterations; index += 1) sum = (sum * 31 + index) | 0;
  return sum;
}`;
const ASYNC_LOOP = `async (iterations) => {
  const answer = async (value) => value;
  for (let index = 0; index < iterations; index += 1) await answer(index);
}`;

const syncVisit = (loop: SyncLoop): Visit => {
  let sum = 0;
  return {
    ...CLOSED,
    run: (iterations) => {
      sum = loop(iterations);
    },
    verify: () => {
      if (!Number.isInteger(sum)) throw new Error(`the sum is ${sum}`);
    },
  };
};

const startNode = promisify(execFile);

/** Milliseconds that an empty process of Node.js takes. */
const processVisit = (): Visit => {
  let tookMs = 0;
  return {
    ...CLOSED,
    run: async () => {
      const from = performance.now();
      await startNode(process.execPath, ['--eval', '']);
      tookMs = performance.now() - from;
    },
    measure: () => tookMs,
  };
};

const fakeKafka = once(() => startFakeKafka({ brokers: 3, roundTripMs: 0 }));

/** A case of two arms whose visits `setupOf` makes alike. */
const floorCase = (caseClass: CaseClass, unit: Case['unit'], setupOf: () => Arm['setup']): Case => {
  const arm = (name: string, role: Arm['role']): Arm => ({ name, role, setup: setupOf() });
  return defineCase({
    id: 'A/A',
    title: `identical arms, ${caseClass}`,
    requirements: [],
    class: caseClass,
    unit,
    direction: unit === 'records/s' ? 'bigger' : 'smaller',
    arms: [arm('one', 'ours'), arm('the same', 'bare')],
    targets: [],
  });
};

export const cases: readonly Case[] = [
  floorCase('memory-sync', 'ns/op', () => {
    const loop = ownFunction<SyncLoop>(SYNC_LOOP);
    return () => Promise.resolve(syncVisit(loop));
  }),
  floorCase('memory-async', 'ns/op', () => {
    const loop = ownFunction<AsyncLoop>(ASYNC_LOOP);
    return () => Promise.resolve({ ...CLOSED, run: loop });
  }),
  floorCase('process', 'ms/op', () => () => Promise.resolve(processVisit())),
  // A query by key through pg-pool, as in B-PG-1.
  floorCase('postgres', 'ns/op', () => {
    const arm = databaseArm(
      pgPool({
        operation: async (pool, index) => {
          const id = orderIdAt(index);
          mustBeOrder(await pool.query(ORDER_BY_KEY, [id]), id);
        },
      }),
      { concurrency: 32, tables: READ_TABLES },
    );
    return (context) => arm.setup(context);
  }),
  // Batches of kafkajs to a fake broker.
  floorCase('kafka', 'records/s', () => {
    const arm = producingArm(kafkaJsBatchArm({ target: fakeKafka }));
    return (context) => arm.setup(context);
  }),
];

/** The A/A case of each class that is there. @throws RangeError if a class has none */
export const floorCases = (classes: ReadonlySet<CaseClass>): LocatedCase[] =>
  [...classes].map((caseClass) => {
    const index = cases.findIndex((definition) => definition.class === caseClass);
    const definition = cases[index];
    if (definition === undefined)
      throw new RangeError(`there is no A/A case of the class ${caseClass}; add one to floor.ts`);
    return { definition, file: import.meta.url, index, folder: 'harness' };
  });
