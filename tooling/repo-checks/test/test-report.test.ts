import { describe, expect, it } from 'vitest';

import { closingLine, summarize } from '../src/test-report.ts';

const passing = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{ status: 'passed' }] }],
};

describe('closing line', () => {
  it('a clean run', () => {
    expect(closingLine(summarize({ report: passing, exitCode: 0, typeErrors: false }))).toBe(
      '3 passed, 0 failed, 0 skipped',
    );
  });

  it('a type error counts as one failure', () => {
    expect(summarize({ report: passing, exitCode: 0, typeErrors: true }).failed).toBe(1);
  });

  it('a file that does not load counts as one failure although no test failed', () => {
    const report = { ...passing, testResults: [{ status: 'failed', assertionResults: [] }] };
    expect(summarize({ report, exitCode: 1, typeErrors: false }).failed).toBe(1);
  });

  it('a failed test is counted once, not once more for its file', () => {
    const report = {
      ...passing,
      numFailedTests: 1,
      testResults: [{ status: 'failed', assertionResults: [{ status: 'failed' }] }],
    };
    expect(summarize({ report, exitCode: 1, typeErrors: false }).failed).toBe(1);
  });

  it('a bad exit with nothing counted, as after an unhandled rejection, is one failure', () => {
    expect(summarize({ report: passing, exitCode: 1, typeErrors: false }).failed).toBe(1);
  });

  it('a missing report is one failure', () => {
    expect(closingLine(summarize({ report: undefined, exitCode: 0, typeErrors: false }))).toBe(
      '0 passed, 1 failed, 0 skipped',
    );
  });

  it('skipped tests are counted with their reasons', () => {
    const skipped = { status: 'skipped', meta: { skipReason: 'Kafka needs Java 17' } };
    const report = {
      ...passing,
      numPendingTests: 2,
      testResults: [{ status: 'passed', assertionResults: [skipped, skipped] }],
    };
    const summary = summarize({ report, exitCode: 0, typeErrors: false });
    expect(closingLine(summary)).toBe('3 passed, 0 failed, 2 skipped');
    expect([...summary.skipReasons]).toEqual([['Kafka needs Java 17', 2]]);
  });
});
