import { fileURLToPath } from 'node:url';

import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { expect, test } from 'vitest';

const packageDir = fileURLToPath(new URL('..', import.meta.url));

test.each(readmeExamples(`${packageDir}/README.md`))(
  'R-STD-7 the README example of the pool in line $line runs',
  async ({ code }) => {
    const output = await runExample(code, { packageDir });
    expect(output).toMatch(/^orders-\d at 0\n/);
    expect(output).toContain("[ 'acknowledged', 'acknowledged' ]");
  },
);
