import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { useTestDatabase } from '@busbar-tooling/test-kit/test-database';
import { expect, test } from 'vitest';

const packageDir = new URL('..', import.meta.url).pathname;
const db = useTestDatabase();

test('the example in the README of @busbar/postgres runs', async () => {
  const [example] = readmeExamples(`${packageDir}README.md`);
  const DATABASE_URL = `${db().url}?sslmode=disable`;
  expect(await runExample(example?.code ?? '', { packageDir, env: { DATABASE_URL } })).toContain(
    'committed, left: 300',
  );
});
