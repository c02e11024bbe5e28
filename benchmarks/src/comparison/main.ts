/** `pnpm compare`: runs the comparison and shows it. It documents; nothing is gated by it. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { describePackages } from '../harness/environment.ts';
import { compareBreakers } from './compare.ts';
import { DEFAULT_SEARCH, type SearchOptions } from './model.ts';
import { renderComparison } from './report.ts';

const PACKAGE = new URL('../../', import.meta.url);
const EXIT_USAGE = 2;
const USAGE = `usage: pnpm compare [--runs N] [--seed N] [--write]
  --runs   random scripts for each breaker and rule; default ${DEFAULT_SEARCH.runs}
  --seed   of the random scripts; default ${DEFAULT_SEARCH.seed}
  --write  writes benchmarks/comparison.md instead of showing it; only with the defaults, which its test repeats`;

interface CommandLine {
  readonly search: SearchOptions;
  readonly write: boolean;
}

const wholeNumber = (text: string | undefined, fallback: number): number => {
  const number = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(number)) throw new RangeError(`${text} is no whole number`);
  return number;
};

/** @throws TypeError or RangeError saying which argument is wrong */
const parseCommandLine = (args: readonly string[]): CommandLine => {
  const { values } = parseArgs({
    // pnpm hands a separating -- on.
    args: args.filter((argument) => argument !== '--'),
    options: { runs: { type: 'string' }, seed: { type: 'string' }, write: { type: 'boolean', default: false } },
  });
  const runs = wholeNumber(values.runs, DEFAULT_SEARCH.runs);
  if (runs < 1) throw new RangeError('--runs must be at least 1');
  const isOther = values.runs !== undefined || values.seed !== undefined;
  if (values.write && isOther) throw new RangeError('--write goes without --runs and --seed');
  return { search: { seed: wholeNumber(values.seed, DEFAULT_SEARCH.seed), runs }, write: values.write };
};

const main = async ({ search, write }: CommandLine): Promise<void> => {
  const page = renderComparison(await compareBreakers(search), await describePackages(PACKAGE));
  if (write) await writeFile(new URL('comparison.md', PACKAGE), page);
  else process.stdout.write(page);
};

let line: CommandLine | undefined;
try {
  line = parseCommandLine(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = EXIT_USAGE;
}
if (line !== undefined) await main(line);
