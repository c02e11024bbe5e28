/**
 * `pnpm run chaos:kafka [--seconds 300] [--driver kafkajs|platformatic] [--idempotent] [--seed 1] [--only part of a name]`: faults of every
 * kind on three real nodes, a line each; and `--leaderless [--pause 100]`: one of six partitions without a leader for a minute.
 *
 * Whatever is lost, out of order or beyond its bound fails the command; so does a process that does not end.
 */
import { parseArgs } from 'node:util';

import { startKafka } from '@busbar-tooling/dev-services';

import { CHAOS_DRIVERS, type ChaosDriver } from './chaos-pools.ts';
import { REAL_FAULTS } from './real-kafka-faults.ts';
import { leaderlessOnRealKafka } from './real-kafka-leaderless.ts';
import { chaosOnRealKafka } from './real-kafka-run.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    driver: { type: 'string', default: 'kafkajs' },
    idempotent: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    leaderless: { type: 'boolean', default: false },
    pause: { type: 'string', default: '100' },
  },
});

const isDriver = (name: string): name is ChaosDriver => name in CHAOS_DRIVERS;

const { driver, idempotent } = values;
if (!isDriver(driver)) throw new RangeError(`--driver must be one of ${Object.keys(CHAOS_DRIVERS).join(', ')}`);

const ENDS_WITHIN_MS = 15_000;

const log = (line: string): void => {
  console.log(line);
};

/** From the end of the work on: cluster and process have to go. */
const watchTheEnd = (): void => {
  setTimeout(() => {
    console.error(`${ENDS_WITHIN_MS} ms after the end there still is: ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  }, ENDS_WITHIN_MS).unref();
};

const run = async (): Promise<readonly string[]> => {
  await using kafka = await startKafka({ nodes: 3, controller: 'isolated', proxied: true });
  const o = { kafka, driver, idempotent, seed: Number(values.seed), log };
  if (values.leaderless) {
    const times = { baselineMs: 20_000, outageMs: 60_000, pauseMs: Number(values.pause) };
    const leaderless = await leaderlessOnRealKafka({ ...o, ...times });
    watchTheEnd();
    return leaderless.problems;
  }
  const faults = REAL_FAULTS.filter(({ name }) => name.includes(values.only));
  const result = await chaosOnRealKafka({ ...o, seconds: Number(values.seconds), faults });
  watchTheEnd();
  const sum = (field: 'acknowledged' | 'lost' | 'inversions' | 'duplicates' | 'misplaced'): number =>
    result.reports.reduce((all, report) => all + report[field], 0);
  log(
    `all: ${result.faults} faults, ${sum('acknowledged')} acknowledged, ${sum('lost')} lost, ${sum('inversions')} inversions, ` +
      `${sum('misplaced')} misplaced, ${sum('duplicates')} duplicates`,
  );
  return result.problems;
};

log(`${driver}, ${idempotent ? 'idempotent' : 'plain'}, seed ${values.seed}`);
const problems = await run();
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
