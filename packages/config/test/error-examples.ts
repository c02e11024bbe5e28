import { ConfigDefinitionError, ConfigError, StartupCheckError, type ConfigErrorCode } from '../src/index.ts';

const report = {
  format_version: '1.0' as const,
  ok: false,
  status: 'fail' as const,
  startedAt: 0,
  durationMs: 1,
  counts: { pass: 0, warn: 0, fail: 1, skip: 0 },
  checks: [
    {
      id: 'pg.tcp',
      title: 'PostgreSQL answers',
      status: 'fail' as const,
      category: 'unreachable' as const,
      message: 'refused',
    },
  ],
};

/** One instance of each error class of the package. */
export const errorExamples = {
  BUSBAR_CONFIG_INVALID: new ConfigError(
    [{ code: 'MISSING', severity: 'error', path: 'a', env: 'BUSBAR_A', message: 'is required' }],
    'production',
  ),
  BUSBAR_CONFIG_DEFINITION_INVALID: new ConfigDefinitionError('the configuration', ['a: is no setting']),
  BUSBAR_STARTUP_CHECK_FAILED: new StartupCheckError(report, 69),
} satisfies { readonly [C in ConfigErrorCode]: { readonly code: C } };
