/**
 * `pnpm run chaos [seeds] [first seed] [part of a name]`: the chaos run over many seeds, for pools and for kafkajs alone, a line each. Any loss or
 * inversion of the pool is told with its seed and fails the command.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { CHAOS_POOLS } from './chaos-pools.ts';
import { problemsOf } from './chaos-report.ts';
import { chaosOfPool } from './chaos-run.ts';
import { type Contender, isChosen, lineOf, runSeeds } from './chaos-series.ts';

const pools: readonly Contender[] = CHAOS_POOLS.map(({ name, ...options }) => ({
  name,
  run: (seed) => chaosOfPool({ seed, ...options }),
}));

for (const contender of pools.filter(isChosen)) {
  // oxlint-disable-next-line no-await-in-loop -- one line after the other
  const reports = await runSeeds(contender);
  console.log(lineOf(contender, reports));
  for (const report of reports) {
    const problems = problemsOf(report);
    if (problems.length > 0) process.exitCode = 1;
    for (const problem of problems) console.error(`${contender.name}, seed ${report.seed}: ${problem}`);
  }
}

const alone = new Worker(new URL('chaos-alone.ts', import.meta.url), { argv: process.argv.slice(2) });
alone.on('message', (line) => {
  console.log(line);
});
await once(alone, 'exit');
