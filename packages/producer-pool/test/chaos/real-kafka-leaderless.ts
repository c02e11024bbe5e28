/** One of six partitions has no leader for a while; the others shall not feel it, nor the breaker, and it shall catch up in order. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { BreakableKafka } from '@busbar-tooling/dev-services';
import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { createBreaker } from '@busbar/circuit-breaker';
import { classifyKafka } from '@busbar/circuit-breaker/presets';

import { createProducerPool, type ProducerPool } from '../../src/index.ts';
import type { ChaosDriver } from './chaos-pools.ts';
import { chaosReport, partitionOf, problemsOf } from './chaos-report.ts';
import { ChaosLoad } from './real-kafka-load.ts';
import { realPoolOptions } from './real-kafka-run.ts';
import { ChaosWatch } from './real-kafka-watch.ts';

export interface LeaderlessOptions {
  readonly kafka: BreakableKafka;
  readonly driver: ChaosDriver;
  readonly idempotent: boolean;
  readonly seed: number;
  /** How long the rate is taken before. */
  readonly baselineMs: number;
  readonly outageMs: number;
  /** Between two bursts of a key, on average. */
  readonly pauseMs: number;
  readonly log: (line: string) => void;
}

export interface LeaderlessResult {
  /** Of the five others, during the outage ÷ before. */
  readonly ratios: readonly number[];
  readonly problems: readonly string[];
}

/** The last partition lives on node 3 alone, the others on the other two. */
const ASSIGNMENTS = [[1], [2], [1], [2], [1], [3]];
const LONELY = ASSIGNMENTS.length - 1;
const KEYS_EACH = 8;
const WARM_UP_MS = 5_000;
const DRAINS_WITHIN_MS = 30_000;
const LEAST_RATIO = 0.9;

/** As many keys for each partition. */
const keysOf = (partition: number): readonly string[] => {
  const keys: string[] = [];
  for (let n = 0; keys.length < KEYS_EACH; n += 1)
    if (partitionOf(`k${n}`, ASSIGNMENTS.length) === partition) keys.push(`k${n}`);
  return keys;
};

/** Acknowledgements per second of each load, over a while. */
const ratesOver = async (loads: readonly ChaosLoad[], forMs: number): Promise<readonly number[]> => {
  const before = loads.map(({ told }) => told.length);
  const beganAtMs = performance.now();
  await sleep(forMs);
  const seconds = (performance.now() - beganAtMs) / 1_000;
  return loads.map(({ told }, index) => (told.length - (before[index] ?? 0)) / seconds);
};

/** The time until the load gets through again; undefined: it does not. */
const untilFlowing = async ({ told }: ChaosLoad): Promise<number | undefined> => {
  const before = told.length;
  const beganAtMs = performance.now();
  while (told.length === before) {
    if (performance.now() - beganAtMs > DRAINS_WITHIN_MS) return undefined;
    // oxlint-disable-next-line no-await-in-loop -- until something gets through
    await sleep(10);
  }
  return performance.now() - beganAtMs;
};

const rounded = (numbers: readonly number[], digits = 0): string =>
  numbers.map((one) => one.toFixed(digits)).join(', ');

interface Outage {
  readonly before: readonly number[];
  readonly during: readonly number[];
  readonly drainedAfterMs: number | undefined;
}

const suffer = async (o: LeaderlessOptions, loads: readonly ChaosLoad[]): Promise<Outage> => {
  const { kafka } = o;
  await sleep(WARM_UP_MS);
  const before = await ratesOver(loads, o.baselineMs);
  await kafka.node(3).kill();
  const during = await ratesOver(loads, o.outageMs);
  await kafka.node(3).start();
  await kafka.heal();
  const lonely = loads[LONELY];
  return { before, during, drainedAfterMs: lonely && (await untilFlowing(lonely)) };
};

const runLoads = async (o: LeaderlessOptions, pool: ProducerPool, topic: string) => {
  const random = seededRandom(o.seed);
  const loads = ASSIGNMENTS.map(
    (_, partition) => new ChaosLoad({ pool, topic, keys: keysOf(partition), random, pauseMs: o.pauseMs }),
  );
  try {
    return { ...(await suffer(o, loads)), loads };
  } finally {
    const ended = await Promise.all(loads.map((load) => load.end(DRAINS_WITHIN_MS)));
    if (ended.includes(false)) o.log('some publishers had no last word');
  }
};

export const leaderlessOnRealKafka = async (o: LeaderlessOptions): Promise<LeaderlessResult> => {
  const { kafka, seed, log } = o;
  const topic = `leaderless-${process.pid}-${seed}`;
  await kafka.createTopic(topic, { assignments: ASSIGNMENTS, configs: { 'min.insync.replicas': '1' } });
  await using breaker = createBreaker({ name: 'kafka', profile: 'production', classify: classifyKafka });
  const { epoch } = breaker;
  await using pool = createProducerPool({ ...realPoolOptions(o), guard: breaker });
  using watch = new ChaosWatch(pool, o);
  await pool.start();
  const { before, during, drainedAfterMs, loads } = await runLoads(o, pool, topic);
  const read = await kafka.readWithJava(topic);
  const told = loads.flatMap((load) => load.told);
  const doubts = loads.reduce((sum, load) => sum + load.doubts, 0);
  const duplicatesAllowed = watch.duplicatesAllowed(topic) + doubts;
  const report = chaosReport(read, told, { seed, faults: 1, duplicatesAllowed, violations: watch.violations() });
  const ratios = during.slice(0, LONELY).map((rate, index) => rate / (before[index] ?? 0));
  log(`records/s before ${rounded(before)}; during ${rounded(during)}; ratios of the five ${rounded(ratios, 3)}`);
  log(
    `breaker ${breaker.state}, ${breaker.epoch - epoch} transitions; the sixth flows ${drainedAfterMs?.toFixed(0)} ms after the mending; ` +
      `${report.acknowledged} acknowledged, ${read.length} read, ${report.lost} lost, ${report.inversions} inversions, ` +
      `${report.duplicates} duplicates (${duplicatesAllowed} explained); buffered at most ${watch.mostRecords} records`,
  );
  return {
    ratios,
    problems: [
      ...problemsOf(report),
      ...ratios.filter((ratio) => !(ratio >= LEAST_RATIO)).map((ratio) => `a partition kept ${ratio} of its rate`),
      ...(during[LONELY] === 0 ? [] : ['the sixth partition was not without a leader']),
      ...(breaker.state === 'closed' && breaker.epoch === epoch ? [] : ['the breaker opened']),
      ...(drainedAfterMs === undefined ? ['the sixth partition did not catch up'] : []),
    ],
  };
};
