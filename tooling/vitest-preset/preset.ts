import { fileURLToPath } from 'node:url';

import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';

/**
 * What every test project of the repository shares.
 *
 * The condition list is exact: each entry reaches the workers as `--conditions`, and `import` or `default` in it would make
 * `require('pg-pool')` inside `pg` load the ESM file ("Class extends value [object Module] is not a constructor").
 */
export const base = defineConfig({
  ssr: { resolve: { conditions: ['@busbar/source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: [fileURLToPath(new URL('setup.ts', import.meta.url))],
    // Of two cores Vitest would leave one idle; most of the time tests wait for servers.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});

/** Fault tests kill and pause servers: the repository run gives them a project of their own, one file at a time (vitest.fault.config.ts). */
const inRepositoryRun = process.env['BUSBAR_REPOSITORY_RUN'] === '1';

/** The configuration of one package; `own` wins over what is shared. */
export const packageConfig = (own: ViteUserConfig = {}): ViteUserConfig =>
  mergeConfig(
    mergeConfig(base, defineConfig({ test: { exclude: inRepositoryRun ? ['**/*.fault.test.ts'] : [] } })),
    defineConfig(own),
  );

/**
 * The configuration of a package whose tests load OpenTelemetry: without the condition `module`, since that entry of
 * `@opentelemetry/api` 1.9.0 is for bundlers and does not load in Node.js. The list is replaced, because merging only adds.
 */
export const openTelemetryConfig = (): ViteUserConfig => ({
  ...packageConfig(),
  ssr: { resolve: { conditions: ['@busbar/source', 'node', 'development|production'] } },
});
