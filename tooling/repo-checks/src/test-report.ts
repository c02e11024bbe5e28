import { isRecord } from './repository.ts';

/** What a whole test run came to: the numbers of its closing line, and why tests were skipped. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Reason → how many tests were skipped for it. */
  readonly skipReasons: ReadonlyMap<string, number>;
}

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const skipReasonOf = (test: unknown): string | undefined => {
  if (!isRecord(test) || (test['status'] !== 'skipped' && test['status'] !== 'pending' && test['status'] !== 'todo'))
    return undefined;
  const meta = test['meta'];
  return isRecord(meta) && typeof meta['skipReason'] === 'string' ? meta['skipReason'] : 'no reason given';
};

/**
 * Counts a vitest JSON report the way the closing line needs it:
 * a file that fails without a failed test (it does not load) counts 1; type errors count 1; a run that ends badly although nothing was
 * counted (an unhandled rejection leaves `success: true`), or leaves no report at all, counts 1.
 */
export const summarize = (o: { report: unknown; exitCode: number; typeErrors: boolean }): TestSummary => {
  const skipReasons = new Map<string, number>();
  let failed = o.typeErrors ? 1 : 0;
  if (!isRecord(o.report)) return { passed: 0, failed: failed + 1, skipped: 0, skipReasons };
  failed += count(o.report['numFailedTests']);
  for (const file of list(o.report['testResults'])) {
    if (!isRecord(file)) continue;
    const tests = list(file['assertionResults']);
    if (file['status'] === 'failed' && !tests.some((test) => isRecord(test) && test['status'] === 'failed'))
      failed += 1;
    for (const test of tests) {
      const reason = skipReasonOf(test);
      if (reason !== undefined) skipReasons.set(reason, (skipReasons.get(reason) ?? 0) + 1);
    }
  }
  if (o.exitCode !== 0 && failed === 0) failed = 1;
  const skipped = count(o.report['numPendingTests']) + count(o.report['numTodoTests']);
  return { passed: count(o.report['numPassedTests']), failed, skipped, skipReasons };
};

export const closingLine = (summary: TestSummary): string =>
  `${summary.passed} passed, ${summary.failed} failed, ${summary.skipped} skipped`;
