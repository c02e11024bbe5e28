import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { outcome, rig } from './breaker-on-manual-time.ts';

describe('promises that settle in any order', () => {
  test('R-CB-1 R-CB-7 every call gets its own result, every permit is settled once, edges are legal', async () => {
    const calls = fc.array(fc.record({ fails: fc.boolean(), sync: fc.boolean() }), {
      minLength: 1,
      maxLength: 25,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        calls,
        fc.constantFrom('off' as const, 'on' as const),
        async (scheduler, plan, latency) => {
          const time = { nowMs: 0 };
          const { breaker, events } = rig({
            latency,
            profile: 'test',
            trip: { consecutive: 3 },
            open: { baseMs: 10, jitter: 'none' },
            clock: { now: () => time.nowMs },
          });
          const results = plan.map(async ({ fails, sync }, index) => {
            await scheduler.schedule(Promise.resolve(), `start ${index}`);
            time.nowMs += 3;
            const answer = breaker.execute(() => {
              if (sync) return index;
              return scheduler.schedule(Promise.resolve(), `end ${index}`).then(() => {
                if (fails) throw new Error(`failed ${index}`);
                return index;
              });
            });
            const got = await outcome(answer);
            const refused = got instanceof Error && 'code' in got;
            const expected = fails && !sync ? `failed ${index}` : index;
            return refused || (got instanceof Error ? got.message : got) === expected;
          });
          expect(await scheduler.waitFor(Promise.all(results))).not.toContain(false);
          const {
            success,
            failure,
            staleSuccess,
            staleFailure,
            ignored,
            staleIgnored,
            extraSettlements,
            inFlight,
            rejectedOpen,
            rejectedProbesBusy,
          } = breaker.stats();
          expect([inFlight, extraSettlements, ignored, staleIgnored]).toEqual([0, 0, 0, 0]);
          expect(success + failure + staleSuccess + staleFailure + rejectedOpen + rejectedProbesBusy).toBe(plan.length);
          expect(events.map(({ epoch }) => epoch)).toEqual(events.map((_, index) => index + 2));
        },
      ),
      { numRuns: 60 },
    );
  });
});
