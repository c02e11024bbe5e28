import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { expect, it } from 'vitest';

const packageDir = new URL('..', import.meta.url).pathname;

it('the example in the README of @busbar/errors runs, and prints no password', async () => {
  const [example] = readmeExamples(`${packageDir}README.md`);
  const printed = await runExample(example?.code ?? '', { packageDir });
  expect(printed).toContain('true {"v":1,"name":"StockError","message":"3 pieces of A-1 are missing: ECONNREFUSED"');
  expect(printed).not.toContain('hunter2');
});
