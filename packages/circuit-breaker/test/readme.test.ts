import { fileURLToPath } from 'node:url';

import { readmeExamples, runExample } from '@busbar-tooling/test-kit/readme-examples';
import { expect, test } from 'vitest';

const packageDir = fileURLToPath(new URL('..', import.meta.url));

test.each(readmeExamples(`${packageDir}/README.md`))(
  'R-STD-7 the README example in line $line runs',
  async ({ code }) => {
    expect(await runExample(code, { packageDir })).toMatch(
      /^charged 990\nclosed → open: consecutive\nrefused, again in [\d.]+ ms\n$/u,
    );
  },
);
