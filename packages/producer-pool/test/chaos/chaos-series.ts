/** One contender over many seeds, and the line that sums it up. */
import type { ChaosReport } from './chaos-report.ts';

export interface Contender {
  readonly name: string;
  readonly run: (seed: number) => Promise<ChaosReport>;
}

/** Most of a run is waiting for time-outs. */
const AT_ONCE = 4;

const [seeds = '20', firstSeed = '1', only = ''] = process.argv.slice(2);

/** By the third argument of the command. */
export const isChosen = ({ name }: Contender): boolean => name.includes(only);

/** Over the seeds of the command. */
export const runSeeds = async ({ run }: Contender): Promise<readonly ChaosReport[]> => {
  const waiting = Array.from({ length: Number(seeds) }, (_, n) => Number(firstSeed) + n);
  const reports: ChaosReport[] = [];
  const worker = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one seed after the other
      reports.push(await run(seed));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return reports;
};

export const lineOf = ({ name }: Contender, reports: readonly ChaosReport[]): string => {
  const of = (field: 'acknowledged' | 'lost' | 'duplicates' | 'inversions' | 'faults'): string => {
    const numbers = reports.map((report) => report[field]);
    return `${field} ${numbers.reduce((sum, one) => sum + one, 0)} (${Math.min(...numbers)} to ${Math.max(...numbers)})`;
  };
  return `${name}: ${of('acknowledged')}, ${of('lost')}, ${of('duplicates')}, ${of('inversions')}, ${of('faults')}`;
};
