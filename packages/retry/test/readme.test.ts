import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { expect, it } from 'vitest';

const packageDir = new URL('..', import.meta.url).pathname;

it('the example in the README of @busbar/retry runs', async () => {
  const [example] = readmeExamples(`${packageDir}README.md`);
  expect(await runExample(example?.code ?? '', { packageDir })).toContain('3 true');
});
