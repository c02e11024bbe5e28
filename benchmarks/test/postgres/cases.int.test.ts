import { expect, test } from 'vitest';

import { busbarPostgres } from '../../src/arms/busbar-postgres.ts';
import { databaseArm, type Workload } from '../../src/arms/postgres/database-arm.ts';
import { ANNOUNCE, announceValues, WRITE_TABLES } from '../../src/arms/postgres/orders.ts';
import { findCases } from '../../src/harness/case-files.ts';
import type { Arm } from '../../src/harness/define-case.ts';

const CONTEXT = { seed: 1, signal: new AbortController().signal };
const FOLDER = new URL('../../src/cases/postgres/', import.meta.url).pathname;
/** Enough for every connection, and for the cache of statements. */
const OPERATIONS = 12;

/** Runs an arm a little; what its `verify` says goes for one that is fast as for one that is slow. */
const visitArm = async (arm: Arm, operations: number): Promise<void> => {
  const visit = await arm.setup(CONTEXT);
  try {
    await visit.run(operations);
    await visit.run(operations);
    await visit.verify?.();
  } finally {
    await visit.close();
  }
};

test('R-PG-2 BM-5 every arm of the first case of each B-PG does what it claims', async () => {
  const clocked = (await findCases(FOLDER))
    .map(({ definition }) => definition)
    .filter((one) => one.class === 'postgres');
  const cases = [...new Map(clocked.toReversed().map((definition) => [definition.id, definition])).values()];
  for (const { arms, unit, iterations } of cases)
    for (const arm of arms) if (iterations === undefined) await visitArm(arm, unit === 'ms/op' ? 1 : OPERATIONS);
  expect(cases).toHaveLength(9);
});

const workload: Workload = {
  concurrency: 2,
  tables: WRITE_TABLES,
  written: { count: 'select count(*) from events', each: 1 },
};

test('R-PR-1 BM-5 an arm that answers before its rows are there is wrong', async () => {
  const liar = busbarPostgres({
    name: 'liar',
    operation: (postgres, index) =>
      index % 2 === 0 ? postgres.query('select 1') : postgres.query(ANNOUNCE, announceValues(index)),
  });
  await expect(visitArm(databaseArm(liar, workload), 3)).rejects.toThrow('rows written must be 6, is 3');
});

test('R-PR-1 BM-8 the visits of a round share one client, which the last of them closes', async () => {
  const log: string[] = [];
  const arm = databaseArm<number>(
    {
      name: 'logged',
      role: 'bare',
      open: () => Promise.resolve(log.push('open')),
      close: () => Promise.resolve(log.push('close')),
      operation: (_, index) => Promise.resolve(log.push(`operation ${index}`)),
      verify: (_, operations) => log.push(`${operations} in all`),
    },
    { concurrency: 2, tables: '' },
  );
  const first = await arm.setup(CONTEXT);
  const second = await arm.setup(CONTEXT);
  await first.run(2);
  await second.run(1);
  await second.verify?.();
  await second.close();
  expect(log).not.toContain('close');
  await first.close();
  expect(log).toEqual(['open', 'operation 1', 'operation 2', 'operation 1', '3 in all', 'close']);
});
