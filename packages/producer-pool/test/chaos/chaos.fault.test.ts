import { describe, expect, test } from 'vitest';

import { CHAOS_POOLS } from './chaos-pools.ts';
import { problemsOf } from './chaos-report.ts';
import { chaosOfKafkaJs, chaosOfPool } from './chaos-run.ts';

/** One seed a pool; more with `pnpm run chaos`. */
const POOLS = CHAOS_POOLS.map((pool, index) => Object.assign({ seed: index + 1 }, pool));

// At once, because most of a run is waiting for time-outs.
describe.concurrent('a cluster whose brokers drop, delay, refuse and move', { timeout: 120_000 }, () => {
  test.each(POOLS)('R-KP-6 B-KP-9 nothing acknowledged is lost or out of order: $name, seed $seed', async (pool) => {
    const report = await chaosOfPool(pool);
    expect(problemsOf(report)).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(1_800);
    expect(report.faults).toBeGreaterThan(5);
  });

  test('R-KP-6 B-KP-9 the same run sees kafkajs alone lose records that it called sent', async () => {
    const reports = await Promise.all(
      [1, 2, 3].map((seed) => chaosOfKafkaJs({ seed, idempotent: false, strategy: 'batches' })),
    );
    expect(reports.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(0);
  });
});
