import { parseArgs } from 'node:util';

export const USAGE = `usage: pnpm bench [--only B-CB,errors] [--rounds N] [--list] [--out DIR]
  --only    cases by id, by the front of an id, or by folder
  --rounds  rounds of each case; default 20 in memory, 12 with a service, 8 with processes
  --list    names the cases and runs none
  --out     folder of the results; default benchmarks/results`;

export interface CommandLine {
  readonly only: readonly string[];
  readonly rounds: number | undefined;
  readonly list: boolean;
  readonly out: string | undefined;
}

/** @throws TypeError or RangeError saying which argument is wrong */
export const parseCommandLine = (args: readonly string[]): CommandLine => {
  const { values } = parseArgs({
    // pnpm hands a separating -- on.
    args: args.filter((argument) => argument !== '--'),
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      list: { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !Number.isInteger(rounds))
    throw new RangeError(`--rounds ${values.rounds} is no whole number`);
  const only = (values.only ?? '').split(',').filter((filter) => filter !== '');
  return { only, rounds, list: values.list, out: values.out };
};
