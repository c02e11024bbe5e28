/**
 * `pnpm run chaos [seeds] [first seed] [part of a name]`: the chaos run over many seeds, for pools and for kafkajs alone, a line each. Any loss or
 * inversion of the pool is told with its seed and fails the command.
 */
import { CHAOS_POOLS } from './chaos-pools.ts';
import { type ChaosReport, problemsOf } from './chaos-report.ts';
import { chaosOfKafkaJs, chaosOfPool } from './chaos-run.ts';

const [seeds = '20', firstSeed = '1', only = ''] = process.argv.slice(2);
/** Most of a run is waiting for time-outs. */
const AT_ONCE = 4;

interface Contender {
  readonly name: string;
  readonly run: (seed: number) => Promise<ChaosReport>;
}

const pools: readonly Contender[] = CHAOS_POOLS.map(({ name, ...options }) => ({
  name,
  run: (seed) => chaosOfPool({ seed, ...options }),
}));

const alone: readonly Contender[] = [false, true].flatMap((idempotent) =>
  (['each', 'batches'] as const).map((strategy) => ({
    name: `kafkajs alone, ${idempotent ? 'idempotent' : 'plain'}, ${strategy}`,
    run: (seed: number) => chaosOfKafkaJs({ seed, idempotent, strategy }),
  })),
);

const runAll = async ({ name, run }: Contender): Promise<readonly ChaosReport[]> => {
  const waiting = Array.from({ length: Number(seeds) }, (_, n) => Number(firstSeed) + n);
  const reports: ChaosReport[] = [];
  const worker = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one seed after the other
      reports.push(await run(seed));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const of = (field: 'acknowledged' | 'lost' | 'duplicates' | 'inversions' | 'faults'): string => {
    const numbers = reports.map((report) => report[field]);
    return `${field} ${numbers.reduce((sum, one) => sum + one, 0)} (${Math.min(...numbers)} to ${Math.max(...numbers)})`;
  };
  console.log(
    `${name}: ${of('acknowledged')}, ${of('lost')}, ${of('duplicates')}, ${of('inversions')}, ${of('faults')}`,
  );
  return reports;
};

const isChosen = ({ name }: Contender): boolean => name.includes(only);

for (const contender of pools.filter(isChosen)) {
  // oxlint-disable-next-line no-await-in-loop -- one line after the other
  for (const report of await runAll(contender)) {
    const problems = problemsOf(report);
    if (problems.length > 0) process.exitCode = 1;
    for (const problem of problems) console.error(`${contender.name}, seed ${report.seed}: ${problem}`);
  }
}
// oxlint-disable-next-line no-await-in-loop -- one line after the other
for (const contender of alone.filter(isChosen)) await runAll(contender);
