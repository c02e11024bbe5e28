import { describe, expect, test } from 'vitest';

import { CHAOS_POOLS } from './chaos-pools.ts';
import { problemsOf } from './chaos-report.ts';
import { chaosOfKafkaJs, chaosOfPool } from './chaos-run.ts';

/** More seeds: `pnpm run chaos 200`. */
const SEEDS = [1, 2];

describe.concurrent('a cluster whose brokers drop, delay, refuse and move', () => {
  test.each(CHAOS_POOLS)(
    'R-KP-6 B-KP-9 nothing acknowledged is lost, and nothing out of order: $name',
    async (pool) => {
      const reports = await Promise.all(SEEDS.map((seed) => chaosOfPool({ seed, ...pool })));
      for (const report of reports) {
        expect(problemsOf(report), `seed ${report.seed}`).toEqual([]);
        expect(report.acknowledged).toBeGreaterThan(1_800);
        expect(report.faults).toBeGreaterThan(5);
      }
    },
  );

  test('R-KP-6 B-KP-9 the same run sees kafkajs alone lose records that it called sent', async () => {
    const reports = await Promise.all(
      SEEDS.map((seed) => chaosOfKafkaJs({ seed, idempotent: true, strategy: 'batches' })),
    );
    expect(reports.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(0);
  });
});
