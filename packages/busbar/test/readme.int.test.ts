import { fileURLToPath } from 'node:url';

import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { expect, it } from 'vitest';

import { busEnvironment } from './bus-environment.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));

it('the example of the README of busbar runs on real PostgreSQL and Kafka', async (ctx) => {
  await using env = await busEnvironment(ctx, { topic: 'orders-of-busbar' });
  const [example] = readmeExamples(fileURLToPath(new URL('../README.md', import.meta.url)));
  expect(await runExample(example?.code ?? '', { packageDir, env: env.variables })).toBe('1 healthy\n');
});
