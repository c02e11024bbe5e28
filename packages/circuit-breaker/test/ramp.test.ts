import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import { outcome, rig, type Rig } from './breaker-on-manual-time.ts';

/** A breaker that has just closed after an outage, and starts slowly. */
const recovered = async (): Promise<Rig> => {
  const run = rig({ rampMs: 100 });
  await run.fail(2);
  await run.clock.advance(100);
  await run.succeed(1);
  expect(run.breaker.state).toBe('closed');
  return run;
};

describe('slow start after an outage', () => {
  test('R-CB-1 the share of admitted calls rises from 0 to 1', async () => {
    const { breaker, clock } = await recovered();
    const admitted: number[] = [];
    for (let step = 0; step <= 4; step += 1) {
      const permits = Array.from({ length: 100 }, () => breaker.tryAcquire());
      admitted.push(permits.filter((permit) => permit !== 0).length);
      // oxlint-disable-next-line no-await-in-loop -- time passes between the steps
      await clock.advance(25);
    }
    expect(admitted).toEqual([0, 25, 50, 75, 100]);
    expect(breaker.stats()).toMatchObject({ rejectedRamp: 250 });
  });

  test('a refusal says so, and when to come again', async () => {
    const { breaker } = await recovered();
    expect(await outcome(breaker.execute(() => 1))).toMatchObject({
      code: 'BUSBAR_BREAKER_OPEN',
      details: { state: 'closed', reason: 'ramp', retryAfterMs: 5 },
    });
  });

  test('a thousand who wait are let in a few at a time (cockatiel C5)', async () => {
    const { breaker, clock } = await recovered();
    let woken = 0;
    const waiting = Array.from({ length: 1_000 }, async () => {
      const permit = await breaker.ready();
      woken += 1;
      breaker.release(permit);
    });
    await settle();
    expect(woken).toBe(0);
    const perStep: number[] = [];
    for (let step = 0; step < 20; step += 1) {
      const before = woken;
      // oxlint-disable-next-line no-await-in-loop -- one step of the slow start after the other
      await clock.advance(5);
      perStep.push(woken - before);
    }
    expect(perStep[0]).toBe(50);
    expect(Math.max(...perStep)).toBeLessThan(150);
    await Promise.all(waiting);
    expect(woken).toBe(1_000);
    expect(clock.pending()).toBe(0);
  });

  test('a failure during the slow start opens as ever', async () => {
    const { breaker, clock, fail } = await recovered();
    await clock.advance(99);
    await fail(3);
    expect(breaker.state).toBe('open');
    expect(breaker.stats().openCount).toBe(2);
  });
});
