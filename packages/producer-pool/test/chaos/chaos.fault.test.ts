import { beforeAll, describe, expect, test } from 'vitest';

import { CHAOS_POOLS } from './chaos-pools.ts';
import { type ChaosReport, problemsOf } from './chaos-report.ts';
import { chaosOfKafkaJs, chaosOfPool } from './chaos-run.ts';

/** One seed a pool; more with `pnpm run chaos`. */
const POOLS = CHAOS_POOLS.map((pool, index) => Object.assign({ seed: index + 1 }, pool));

describe('a cluster whose brokers drop, delay, refuse, move and restart', { timeout: 120_000 }, () => {
  let runs: readonly PromiseSettledResult<ChaosReport>[] = [];

  // All at once, because most of a run is waiting for time-outs.
  beforeAll(async () => {
    runs = await Promise.allSettled(POOLS.map(chaosOfPool));
  }, 120_000);

  test.each(POOLS)('R-KP-6 B-KP-9 nothing acknowledged is lost or out of order: $name, seed $seed', ({ seed }) => {
    const run = runs[seed - 1];
    if (run?.status !== 'fulfilled') throw new Error('the run failed', { cause: run?.reason });
    expect(problemsOf(run.value)).toEqual([]);
    expect(run.value.acknowledged).toBeGreaterThan(1_800);
    expect(run.value.faults).toBeGreaterThan(0);
  });

  test('R-KP-6 B-KP-9 the same run sees kafkajs alone lose records that it called sent', async () => {
    const reports = await Promise.all(
      [1, 3, 4].map((seed) => chaosOfKafkaJs({ seed, idempotent: false, strategy: 'batches' })),
    );
    expect(reports.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(0);
  });
});
