import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { describe, expect, test } from 'vitest';

const packageDir = new URL('..', import.meta.url).pathname;
const db = useTestDatabase();

/** What each example of a page prints, in the order of the page. */
const PAGES = [
  { page: 'README.md', prints: ['committed, left: 300'] },
  {
    page: 'docs/recipes.md',
    prints: [
      'select id from orders where customer = $1 and "state" in ($2, $3)',
      "inserted: 2 [ [ '2026-02-01' ] ]",
      'copied: 10000 147788 5004',
      'look for new orders: order 7',
      'invoices: [ { id: 7 } ] 1',
      'shipments: [ { id: 7 } ] adapted 1',
      'postgres://[redacted]@db/orders refused [redacted] true',
    ],
  },
] as const;

describe.for(PAGES)('$page of @busbar/postgres', ({ page, prints }) => {
  const examples = readmeExamples(`${packageDir}${page}`);

  test('every example has its expected output here', () => {
    expect(examples).toHaveLength(prints.length);
  });

  test.for(prints.map((printed, index) => ({ printed, index })))(
    'example $index runs and prints "$printed"',
    async ({ printed, index }) => {
      const DATABASE_URL = `${db().url}?sslmode=disable`;
      expect(await runExample(examples[index]?.code ?? '', { packageDir, env: { DATABASE_URL } })).toContain(printed);
    },
  );
});
