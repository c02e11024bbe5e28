import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { testDatabase } from '@busbar-tooling/test-kit/test-database';
import { expect, test } from 'vitest';

const packageDir = new URL('..', import.meta.url).pathname;

test('the example in the README of @busbar/outbox runs on a real server', async (ctx) => {
  await using db = await testDatabase(ctx);
  const [example] = readmeExamples(`${packageDir}README.md`);
  const printed = await runExample(example?.code ?? '', { packageDir, env: { DATABASE_URL: db.url } });
  expect(printed).toContain('created, paid');
});
