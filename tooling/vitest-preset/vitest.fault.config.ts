import { fileURLToPath } from 'node:url';

import { defineConfig, mergeConfig } from 'vitest/config';

import { base } from './preset.ts';

/** All fault tests of the repository, one file at a time and after everything else: they break servers and measure time. */
export default mergeConfig(
  base,
  defineConfig({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    test: {
      name: 'fault',
      include: ['{packages,tooling,examples}/*/test/**/*.fault.test.ts'],
      maxWorkers: 1,
      sequence: { groupOrder: 1 },
      testTimeout: 120_000,
    },
  }),
);
