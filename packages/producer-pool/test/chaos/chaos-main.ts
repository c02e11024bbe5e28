/** `pnpm chaos [seeds] [first seed]`: the chaos run over many seeds, pool and kafkajs alone, as a table; fails on any loss or inversion of the pool. */
import { kafkaJsDriver } from '../../src/kafkajs/index.ts';
import type { ChaosReport } from './chaos-report.ts';
import { chaosOfKafkaJs, chaosOfPool } from './chaos-run.ts';

const [seeds = '20', firstSeed = '1'] = process.argv.slice(2);
/** Most of a run is waiting for time-outs. */
const AT_ONCE = 4;

const kafkajs = (brokers: readonly string[]) => kafkaJsDriver({ brokers, clientId: 'chaos' });

interface Contender {
  readonly name: string;
  readonly isPool: boolean;
  readonly run: (seed: number) => Promise<ChaosReport>;
}

const contenders: readonly Contender[] = [
  ...[false, true].flatMap((idempotent) =>
    [
      { min: 1, max: 1 },
      { min: 4, max: 4 },
      { min: 1, max: 4 },
    ].map((producers) => ({
      name: `pool, kafkajs, ${idempotent ? 'idempotent' : 'plain'}, ${producers.min}-${producers.max} producers`,
      isPool: true,
      run: (seed: number) => chaosOfPool({ seed, idempotent, producers, driver: kafkajs }),
    })),
  ),
  ...[false, true].flatMap((idempotent) =>
    (['each', 'batches'] as const).map((strategy) => ({
      name: `kafkajs alone, ${idempotent ? 'idempotent' : 'plain'}, ${strategy}`,
      isPool: false,
      run: (seed: number) => chaosOfKafkaJs({ seed, idempotent, strategy }),
    })),
  ),
];

const runAll = async ({ name, isPool, run }: Contender): Promise<boolean> => {
  const waiting = Array.from({ length: Number(seeds) }, (_, n) => Number(firstSeed) + n);
  const reports: ChaosReport[] = [];
  let isGood = true;
  const worker = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one seed after the other
      const report = await run(seed);
      reports.push(report);
      const bad = report.lost + report.inversions + report.misplaced + report.violations;
      if (isPool && bad > 0) {
        isGood = false;
        console.error(`${name}, seed ${seed}: ${JSON.stringify(report)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const of = (field: keyof ChaosReport): string => {
    const numbers = reports.map((report) => report[field]);
    return `${field} ${numbers.reduce((sum, one) => sum + one, 0)} (${Math.min(...numbers)}-${Math.max(...numbers)})`;
  };
  console.log(
    `${name}: ${reports.length} seeds; ${of('lost')}; ${of('duplicates')}; ${of('inversions')}; ${of('misplaced')}; ${of('faults')}; ${of('violations')}`,
  );
  return isGood;
};

for (const contender of contenders) {
  // oxlint-disable-next-line no-await-in-loop -- one line after the other
  if (!(await runAll(contender))) process.exitCode = 1;
}
