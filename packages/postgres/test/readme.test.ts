import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { expect, test } from 'vitest';

const packageDir = new URL('..', import.meta.url).pathname;
const db = useTestDatabase();

const examples = readmeExamples(`${packageDir}README.md`);

test.for([
  [0, 'committed, left: 300'],
  [1, 'select id from orders where customer = $1 and "state" in ($2, $3)'],
  [2, "inserted: 2 [ [ '2026-02-01' ] ]"],
  [3, 'look for new orders: order 7'],
  [4, 'postgres://[redacted]@db/orders refused [redacted] true'],
  [5, 'invoices: [ { id: 7 } ] 1'],
  [7, 'shipments: [ { id: 7 } ] adapted 1'],
  [6, 'copied: 10000 147788 5004'],
] as const)('example %i in the README of @busbar/postgres runs', async ([index, printed]) => {
  const DATABASE_URL = `${db().url}?sslmode=disable`;
  const code = examples[index]?.code ?? '';
  expect(await runExample(code, { packageDir, env: { DATABASE_URL } })).toContain(printed);
});
