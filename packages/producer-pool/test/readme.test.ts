import { fileURLToPath } from 'node:url';

import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { expect, test } from 'vitest';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const [pool, cluster, ...rest] = readmeExamples(`${packageDir}/README.md`);

test('R-STD-7 the README example of the pool runs', async () => {
  const output = await runExample(pool?.code ?? '', { packageDir });
  expect(output).toMatch(/^orders-\d at 0\n/);
  expect(output).toContain("[ 'acknowledged', 'acknowledged' ]");
});

test('R-STD-7 the README example of the fake cluster runs, and there is no other', async () => {
  expect(await runExample(cluster?.code ?? '', { packageDir })).toBe('3 0 [] []\n');
  expect(rest).toEqual([]);
});
