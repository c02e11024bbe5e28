import { describe, expect, test } from 'vitest';

import { openCountBefore, openingAfter, type OpenPolicy } from '../src/open-duration.ts';
import { rig } from './breaker-on-manual-time.ts';

const policy: OpenPolicy = { baseMs: 100, factor: 2, maxMs: 1_000, jitter: 'none', resetAfterMs: undefined };

describe('open duration', () => {
  test('R-CB-1 grows by the factor up to the cap', () => {
    const durations = [0, 1, 2, 3, 4, 500].map((before) => openingAfter(before, policy, () => 0).openForMs);
    expect(durations).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  test('R-CB-1 equal jitter keeps half of the time as a floor', () => {
    const jittered: OpenPolicy = { ...policy, jitter: 'equal' };
    expect(openingAfter(1, jittered, () => 0)).toEqual({ count: 2, nominalMs: 200, openForMs: 100 });
    expect(openingAfter(1, jittered, () => 0.5).openForMs).toBe(150);
    expect(openingAfter(1, jittered, () => 0.999_999).openForMs).toBeLessThan(200);
  });

  test('the count is forgotten after staying closed for the last open duration, or for resetAfterMs', () => {
    const openings = { count: 3, lastMs: 400, closedAtMs: 1_000 };
    const before = (nowMs: number, over: Partial<OpenPolicy> = {}): number =>
      openCountBefore(openings, { ...policy, ...over }, { nowMs, fromClosed: true });
    expect(before(1_399)).toBe(3);
    expect(before(1_400)).toBe(0);
    expect(before(1_400, { resetAfterMs: 401 })).toBe(3);
    expect(before(1_000, { resetAfterMs: 0 })).toBe(0);
  });

  test('only an opening from closed may forget', () => {
    const openings = { count: 3, lastMs: 400, closedAtMs: 0 };
    expect(openCountBefore(openings, policy, { nowMs: 1_000_000, fromClosed: false })).toBe(3);
  });

  test('R-CB-1 a dependency that flaps is left alone for longer and longer', async () => {
    const { breaker, clock, events, fail, succeed } = rig();
    for (let round = 0; round < 3; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- rounds follow each other
      await fail(2);
      // oxlint-disable-next-line no-await-in-loop -- rounds follow each other
      await clock.advance(breaker.retryAfterMs);
      // oxlint-disable-next-line no-await-in-loop -- rounds follow each other
      await succeed(1);
    }
    await clock.advance(400);
    await fail(2);
    expect(events.filter(({ to }) => to === 'open').map(({ openForMs }) => openForMs)).toEqual([100, 200, 400, 100]);
  });
});
