import { requireService } from '@busbar-tooling/test-kit/require-service';
import { expect, test } from 'vitest';

import { KILL, MOVE_LEADERS, PAUSE } from './real-kafka-faults.ts';
import { chaosOnRealKafka } from './real-kafka-run.ts';

/** All kinds of faults, and longer, with `pnpm run chaos:kafka`. */
test(
  'R-KP-6 B-KP-9 nothing acknowledged is lost or out of order while nodes die and freeze and leaders move',
  { timeout: 120_000 },
  async (ctx) => {
    const kafka = await requireService(ctx, 'kafka-3');
    const lines: string[] = [];
    try {
      const { problems, reports, faults } = await chaosOnRealKafka({
        kafka,
        driver: 'kafkajs',
        idempotent: true,
        seed: 1,
        seconds: 60,
        maxRounds: 1,
        faults: [KILL, PAUSE, MOVE_LEADERS],
        log: (line) => lines.push(line),
      });
      expect(problems).toEqual([]);
      expect(faults).toBe(3);
      expect(reports[0]?.acknowledged).toBeGreaterThan(1_000);
    } finally {
      await ctx.annotate(lines.join('\n'));
      await kafka.heal();
    }
  },
);
