import { fileURLToPath } from 'node:url';

import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { expect, it } from 'vitest';

const packageDir = fileURLToPath(new URL('..', import.meta.url));

it('the examples of the README of @busbar/config run and print what they say', async () => {
  const [example] = readmeExamples(`${packageDir}README.md`);
  const printed = await runExample(example?.code ?? '', { packageDir, env: { APP_HTTP_PORT: '8080' } });
  expect(printed).toBe('8080 env APP_HTTP_PORT [secret]\n');
});
