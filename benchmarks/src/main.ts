/** `pnpm bench`: runs the cases, shows them, and stores the results. Exit 1 if a target fails or a case is voided. */
import { fileURLToPath } from 'node:url';

import { findCases, type LocatedCase, selectCases } from './harness/case-files.ts';
import { type CommandLine, parseCommandLine, USAGE } from './harness/command-line.ts';
import {
  describeMachine,
  describePackages,
  describeRuntime,
  describeSource,
  isNoisy,
  loadNow,
} from './harness/environment.ts';
import { runCases } from './harness/run-cases.ts';
import { resolveRunOptions } from './harness/run-options.ts';
import { ROUND_FLAGS } from './harness/start-round.ts';
import type { Results } from './results/schema.ts';
import { runIdOf, writeResults } from './results/store.ts';
import { isClean, renderCase, renderSummary } from './results/table.ts';

const PACKAGE = new URL('../', import.meta.url);
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
/** One line on a terminal, rewritten; nothing in a log. */
const showProgress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[2K${text}`);
};

const measure = async (
  cases: readonly LocatedCase[],
  { rounds }: CommandLine,
  signal: AbortSignal,
): Promise<Results> => {
  const startedAt = new Date();
  const loadBefore = loadNow();
  const [machine, source, packages] = await Promise.all([
    describeMachine(),
    describeSource(fileURLToPath(PACKAGE)),
    describePackages(PACKAGE),
  ]);
  const options = rounds === undefined ? {} : { rounds };
  const measured = await runCases(cases, {
    options,
    signal,
    onRound: ({ id, title }, done, wanted) => showProgress(`${id} ${title}: round ${done} of ${wanted}`),
    onCase: (result) => {
      showProgress('');
      say(`${renderCase(result)}\n`);
    },
  });
  const loadAfter = loadNow();
  const { maxLoadRatio } = resolveRunOptions(options, 'system');
  return {
    formatVersion: 1,
    runId: runIdOf(startedAt, source.commit),
    purpose: 'local',
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    noisy: isNoisy([loadBefore, loadAfter], machine.cores, maxLoadRatio),
    source,
    machine: { ...machine, loadBefore, loadAfter },
    runtime: describeRuntime(ROUND_FLAGS),
    packages,
    ...measured,
  };
};

const list = (cases: readonly LocatedCase[]): void => {
  for (const { definition, folder } of cases) say(`${definition.id}\t${folder}\t${definition.title}`);
};

const main = async (line: CommandLine, signal: AbortSignal): Promise<number> => {
  const cases = selectCases(await findCases(fileURLToPath(new URL('src/cases/', PACKAGE))), line.only);
  if (line.list) {
    list(cases);
    return 0;
  }
  const results = await measure(cases, line, signal);
  const path = await writeResults(results, line.out ?? fileURLToPath(new URL('results/', PACKAGE)));
  say(`${renderSummary(results)}\n${path}`);
  return isClean(results.cases) ? 0 : EXIT_FAILED;
};

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

/** Says what ended the run, and answers the exit code. */
const explain = (error: unknown): number => {
  showProgress('');
  if (interrupted.signal.aborted) {
    process.stderr.write('interrupted; nothing is stored\n');
    return EXIT_INTERRUPTED;
  }
  if (error instanceof RangeError || (error instanceof TypeError && 'code' in error)) {
    process.stderr.write(`${error.message}\n${USAGE}\n`);
    return EXIT_USAGE;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT_FAILED;
};

try {
  process.exitCode = await main(parseCommandLine(process.argv.slice(2)), interrupted.signal);
} catch (error) {
  process.exitCode = explain(error);
}
