import { describe, expect, it } from 'vitest';

import { ConfigError, renderIssues, type Issue } from '../src/index.ts';

const issues: readonly Issue[] = [
  { code: 'MISSING', severity: 'error', path: 'a.b', env: 'BUSBAR_A_B', message: 'is required and has no default' },
  {
    code: 'UNKNOWN_ENV',
    severity: 'warning',
    env: 'BUSBAR_C',
    source: { kind: 'env', name: 'BUSBAR_C' },
    message: 'unknown variable',
  },
  {
    code: 'RULE',
    severity: 'error',
    message: 'two things contradict each other',
    help: 'change one',
    because: [
      { path: 'x', value: '1', source: { kind: 'env-file', name: '.env', line: 3, env: 'BUSBAR_X' } },
      { path: 'y', value: '[secret]', source: { kind: 'secret-file', path: '/run/y', env: 'BUSBAR_Y_FILE' } },
      { path: 'z', value: '2', source: { kind: 'derived', from: ['x', 'y'] } },
      { path: 'u', value: 'unset' },
      { path: 'v', value: '3', source: { kind: 'file', name: 'm' } },
      { path: 'w', value: '4', source: { kind: 'explicit' } },
      { path: 'p', value: '5', source: { kind: 'profile', name: 'test' } },
    ],
  },
];

describe('renderIssues', () => {
  it('R-CF-1 writes for people', () => {
    expect(renderIssues(issues)).toMatchSnapshot();
  });

  it('colors the severity on request only', () => {
    expect(renderIssues(issues, { color: true })).toContain('\u001B[31merror[MISSING]\u001B[39m');
    expect(renderIssues(issues, { color: true })).toContain('\u001B[33mwarning[UNKNOWN_ENV]\u001B[39m');
  });

  it('writes for programs in the shape of terraform validate', () => {
    const json: unknown = JSON.parse(renderIssues(issues, { json: true }));
    expect(json).toMatchObject({ format_version: '1.0', valid: false, error_count: 2, warning_count: 1 });
    expect(json).toMatchSnapshot();
  });
});

describe('ConfigError', () => {
  it('R-STD-4 carries its issues through JSON and formats them', () => {
    const error = new ConfigError(issues.slice(0, 1), 'staging');
    expect(error.format()).toBe(
      'BUSBAR_CONFIG_INVALID: 1 problem in the configuration (profile staging)\n  error[MISSING] a.b: is required and has no default\n     set it by: BUSBAR_A_B',
    );
    expect(error.toJSON()).toMatchObject({
      code: 'BUSBAR_CONFIG_INVALID',
      retryable: false,
      fields: { issues: [{ path: 'a.b' }] },
    });
  });
});
