import { expect, it } from 'vitest';

import * as api from '../src/index.ts';

it('R-STD-5 @busbar/config exports exactly these names', () => {
  expect(Object.keys(api).toSorted()).toEqual([
    'ConfigDefinitionError',
    'ConfigError',
    'Secret',
    'Setting',
    'StartupCheckError',
    'checkReportSchema',
    'defineConfig',
    'defineDerived',
    'defineRule',
    'loadConfig',
    'renderIssues',
    'runChecks',
    'runStartupChecks',
    'startupVerdict',
    'tryLoadConfig',
  ]);
});
