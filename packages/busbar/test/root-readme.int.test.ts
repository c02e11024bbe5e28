import { fileURLToPath } from 'node:url';

import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { describe, expect, it } from 'vitest';

import { busEnvironment } from './bus-environment.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const examples = readmeExamples(fileURLToPath(new URL('../../../README.md', import.meta.url)));

describe('README of the repository', () => {
  it('its example runs as it stands on real PostgreSQL and Kafka', async (ctx) => {
    await using env = await busEnvironment(ctx, { topic: 'orders' });
    await env.query('create table orders (id text primary key, total_cents integer not null)');
    expect(examples).toHaveLength(1);
    const output = await runExample(examples[0]?.code ?? '', { packageDir, env: env.variables });
    expect(output).toBe('published via broker\n');
  });
});
