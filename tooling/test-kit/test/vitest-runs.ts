/** Test files that run in a vitest of their own, so that their failing and skipping can be looked at. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const VITEST = join(PACKAGE, 'node_modules', 'vitest', 'vitest.mjs');

export interface TestRun {
  readonly status: number | null;
  readonly tests: readonly {
    readonly name: string;
    readonly state: string;
    readonly skipReason: string | undefined;
    readonly failure: string;
  }[];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const listOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const testsOf = (report: unknown): TestRun['tests'] =>
  listOf(isRecord(report) ? report['testResults'] : undefined)
    .flatMap((file) => listOf(file['assertionResults']))
    .map((result) => {
      const meta = result['meta'];
      const messages = result['failureMessages'];
      const reason = isRecord(meta) ? meta['skipReason'] : undefined;
      return {
        name: textOf(result['title']),
        state: textOf(result['status']),
        skipReason: reason === undefined ? undefined : textOf(reason),
        failure: Array.isArray(messages) ? messages.join('\n') : '',
      };
    });

/** Runs one file of that content inside this package, with changes to the environment; `undefined` removes a variable. */
export const runTestFile = async (
  code: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<TestRun> => {
  const folder = mkdtempSync(join(PACKAGE, 'test', 'run-'));
  const file = join(folder, 'own.test.ts');
  const report = join(folder, 'report.json');
  try {
    writeFileSync(file, code);
    const args = [VITEST, 'run', file, '--reporter=json', `--outputFile=${report}`, '--root', PACKAGE];
    const child = spawn(process.execPath, args, { cwd: PACKAGE, stdio: 'ignore', env: { ...process.env, ...env } });
    const status = await new Promise<number | null>((resolve) => {
      child.once('exit', resolve);
    });
    return {
      status,
      tests: testsOf(JSON.parse(readFileSync(report, 'utf8'))),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
