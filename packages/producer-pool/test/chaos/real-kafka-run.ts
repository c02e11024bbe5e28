/** One pool through round after round of faults of a real cluster; each round has a topic, which Apache's own consumer reads at its end. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { BreakableKafka } from '@busbar-tooling/dev-services';
import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';

import { createProducerPool, type ProducerPool, type ProducerPoolOptions } from '../../src/index.ts';
import { CHAOS_DRIVERS, type ChaosDriver } from './chaos-pools.ts';
import { type ChaosReport, chaosReport, inOrderOfGrowth, problemsOf } from './chaos-report.ts';
import { type FaultContext, inRandomOrder, type RealFault } from './real-kafka-faults.ts';
import { ChaosLoad } from './real-kafka-load.ts';
import { ChaosWatch, liveHeapBytes } from './real-kafka-watch.ts';

export interface RealChaosOptions {
  readonly kafka: BreakableKafka;
  readonly driver: ChaosDriver;
  readonly idempotent: boolean;
  readonly seed: number;
  /** No fault begins later. */
  readonly seconds: number;
  /** Default: as many as there is time for. */
  readonly maxRounds?: number;
  readonly faults: readonly RealFault[];
  readonly log: (line: string) => void;
}

export interface RealChaosResult {
  /** Of each topic. */
  readonly reports: readonly ChaosReport[];
  readonly faults: number;
  /** What went wrong, over all. */
  readonly problems: readonly string[];
}

const PARTITIONS = 6;
const KEYS = Array.from({ length: 60 }, (_, n) => `k${n}`);
const PAUSE_MS = 250;
/** After the mending of a fault something must get through within this time. */
const FLOWS_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 60_000;
const QUIET_MS = 1_000;
/** What a pool may hold more after many rounds than after the first. */
const HEAP_GROWTH_BYTES = 33_554_432;

/** Tight, so that buffers fill, deliveries time out and calls are cut within seconds. */
export const realPoolOptions = (o: Pick<RealChaosOptions, 'kafka' | 'driver' | 'idempotent'>): ProducerPoolOptions => {
  const { proxied, plain } = o.kafka.listeners;
  return {
    driver: CHAOS_DRIVERS[o.driver](proxied.length > 0 ? proxied : plain),
    idempotent: o.idempotent,
    requestTimeoutMs: 2_000,
    connectTimeoutMs: 1_000,
    deliveryTimeoutMs: 10_000,
    metadataMaxAgeMs: 2_000,
    maxBatchRecords: 100,
    buffer: { maxRecords: 600, maxLaneRecords: 200, maxBytes: 4_194_304, maxLaneBytes: 2_097_152, maxBlockMs: 2_000 },
    pool: { max: 4, replaceMaxMs: 1_000 },
  };
};

class RealChaos {
  readonly #o: RealChaosOptions;
  readonly #pool: ProducerPool;
  readonly #watch: ChaosWatch;
  readonly #random: () => number;
  readonly #startedAtMs = performance.now();
  readonly reports: ChaosReport[] = [];
  readonly heaps: number[] = [];
  faults = 0;

  constructor(o: RealChaosOptions, pool: ProducerPool, watch: ChaosWatch) {
    this.#o = o;
    this.#pool = pool;
    this.#watch = watch;
    this.#random = seededRandom(o.seed);
  }

  async rounds(): Promise<void> {
    const { maxRounds = Number.POSITIVE_INFINITY } = this.#o;
    for (let round = 1; round === 1 || (round <= maxRounds && this.#isTimeLeft()); round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await this.#round(`chaos-${process.pid}-${this.#o.seed}-${this.#o.driver}-${round}`);
      this.heaps.push(liveHeapBytes());
    }
  }

  #isTimeLeft(): boolean {
    return this.#elapsedMs() < this.#o.seconds * 1_000;
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  async #round(topic: string): Promise<void> {
    const { kafka, seed, log } = this.#o;
    await kafka.createTopic(topic, { partitions: PARTITIONS, configs: { 'min.insync.replicas': '2' } });
    const random = seededRandom(seed + 2);
    const load = new ChaosLoad({ pool: this.#pool, topic, keys: KEYS, random, pauseMs: PAUSE_MS });
    const counts = [PARTITIONS];
    const before = this.faults;
    const violations = await this.#strikeAll({
      kafka,
      pool: this.#pool,
      poolOptions: realPoolOptions(this.#o),
      topic,
      load,
      random: this.#random,
      onGrowth: (partitions) => counts.push(partitions),
      onReport: (report) => this.reports.push(report),
    }).catch(async (error: unknown) => {
      await load.end(0);
      throw error;
    });
    if (!(await load.end(ENDS_WITHIN_MS)))
      violations.push(`publishers still waited ${ENDS_WITHIN_MS / 1_000} s after the last fault`);
    const read = inOrderOfGrowth(await kafka.readWithJava(topic), counts);
    const faults = this.faults - before;
    const duplicatesAllowed = this.#watch.duplicatesAllowed(topic) + load.doubts;
    const report = chaosReport(read, load.told, { seed, faults, duplicatesAllowed, violations });
    this.reports.push(report);
    log(
      `${topic}: ${report.acknowledged} acknowledged, ${read.length} read, ${report.lost} lost, ${report.inversions} inversions, ` +
        `${report.duplicates} duplicates (${report.duplicatesAllowed} explained), ${faults} faults`,
    );
  }

  async #strikeAll(context: FaultContext): Promise<string[]> {
    const violations: string[] = [];
    await sleep(QUIET_MS);
    for (const fault of inRandomOrder(this.#o.faults, this.#random)) {
      if (!this.#isTimeLeft()) break;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const flows = await this.#strike(fault, context);
      if (!flows) violations.push(`nothing was acknowledged within ${FLOWS_WITHIN_MS} ms after ${fault.name}`);
    }
    return violations;
  }

  /** Whether records get through again after it. */
  async #strike({ name, strike }: RealFault, context: FaultContext): Promise<boolean> {
    const { kafka, log } = this.#o;
    const { told } = context.load;
    const atS = (this.#elapsedMs() / 1_000).toFixed(1);
    const ackedBefore = told.length;
    const { calls } = this.#pool.stats();
    this.faults += 1;
    const beganAtMs = performance.now();
    const what = await strike(context);
    await kafka.heal();
    const healedAtMs = performance.now();
    const acked = told.length;
    let flows = false;
    while (!flows && performance.now() - healedAtMs < FLOWS_WITHIN_MS) {
      // oxlint-disable-next-line no-await-in-loop -- until something gets through
      await sleep(20);
      flows = told.length > acked;
    }
    const flowedAtMs = performance.now();
    await sleep(QUIET_MS);
    const failed = this.#pool.stats().calls.failed - calls.failed;
    log(
      `${atS} s  ${name}: ${what}; ${Math.round(healedAtMs - beganAtMs)} ms, ${told.length - ackedBefore} acknowledged, ` +
        `${failed} calls failed, flows ${Math.round(flowedAtMs - healedAtMs)} ms after the mending`,
    );
    return flows;
  }
}

const heapProblems = (heaps: readonly number[]): readonly string[] => {
  const [first = 0] = heaps;
  const grown = (heaps.at(-1) ?? 0) - first;
  return grown > HEAP_GROWTH_BYTES ? [`the heap grew by ${grown} bytes from the first round to the last`] : [];
};

/** What a closed pool may not have. */
const closeProblems = async (pool: ProducerPool): Promise<readonly string[]> => {
  const { acknowledged, rejected, unknown } = await pool.close({ deadlineMs: 10_000 });
  const { connections, buffered } = pool.stats();
  return [
    ...(acknowledged + rejected + unknown > 0 ? ['records had no answer when the pool was closed'] : []),
    ...(connections > 0 ? [`${connections} connections are open after close()`] : []),
    ...(buffered.records + buffered.bytes > 0 ? [`${buffered.records} records are buffered after close()`] : []),
  ];
};

const MIB = 1_048_576;

export const chaosOnRealKafka = async (o: RealChaosOptions): Promise<RealChaosResult> => {
  const pool = createProducerPool({ ...realPoolOptions(o), random: seededRandom(o.seed + 1) });
  using watch = new ChaosWatch(pool, o);
  await pool.start();
  const chaos = new RealChaos(o, pool, watch);
  try {
    await chaos.rounds();
  } finally {
    await pool.close({ deadlineMs: 10_000 });
  }
  const problems = [
    ...chaos.reports.flatMap(problemsOf),
    ...watch.violations(),
    ...heapProblems(chaos.heaps),
    ...(await closeProblems(pool)),
  ];
  const { buffered, backpressure, producers, calls, throttledMs } = pool.stats();
  o.log(
    `buffered at most ${watch.mostRecords} of ${buffered.limitRecords} records, ${watch.mostBytes} of ${buffered.limitBytes} bytes; ` +
      `${backpressure.waits} waits for room; heap after each round ${chaos.heaps.map((bytes) => (bytes / MIB).toFixed(1)).join(', ')} MiB; ` +
      `${calls.failed} of ${calls.started} calls failed; ${producers.opened} producers opened, ${producers.killed} killed; ` +
      `${Math.round(throttledMs)} ms throttled`,
  );
  return { reports: chaos.reports, faults: chaos.faults, problems };
};
