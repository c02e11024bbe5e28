import { defineConfig } from 'vitest/config';

// Read by packageConfig in preset.ts, which is loaded after this file.
process.env['BUSBAR_REPOSITORY_RUN'] = '1';

/** One run over everything: `vitest run --root . --config tooling/vitest-preset/repository.ts`. */
export default defineConfig({
  test: {
    projects: [
      'packages/*',
      'tooling/{dev-services,test-kit,repo-checks}',
      'benchmarks',
      'examples/*',
      'tooling/vitest-preset/vitest.fault.config.ts',
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text', 'json-summary', 'lcov'],
      reportsDirectory: 'coverage',
      thresholds: { lines: 90 },
    },
  },
});
