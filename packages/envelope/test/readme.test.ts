import { fileURLToPath } from 'node:url';

import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { expect, it } from 'vitest';

const packageDir = fileURLToPath(new URL('..', import.meta.url));

it('the example of the README of the envelope runs', async () => {
  const [example] = readmeExamples(`${packageDir}/README.md`);
  expect(await runExample(example?.code ?? 'throw 0', { packageDir })).toBe('order.created 1250\n');
});
