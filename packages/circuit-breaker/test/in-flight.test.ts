import { describe, expect, test } from 'vitest';

import type { BreakerOptions } from '../src/index.ts';
import { outcome, rig, type Rig } from './breaker-on-manual-time.ts';

const overdue: Partial<BreakerOptions> = {
  trip: { consecutive: 3, failureRatio: 0, minimumCalls: 2, slowMs: 50, slowRatio: 0.5, countOverdue: true },
};

/** Begins a call that ends when it is told to. */
const begin = ({ breaker }: Rig): { call: Promise<unknown>; end: PromiseWithResolvers<string> } => {
  const end = Promise.withResolvers<string>();
  return { call: outcome(breaker.execute(() => end.promise)), end };
};

describe('calls that are overdue', () => {
  test('R-CB-1 hung calls trip while they are running (resilience4j #1597)', async () => {
    const run = rig(overdue);
    begin(run);
    begin(run);
    await run.clock.advance(49);
    expect(await run.breaker.execute(() => 'fine')).toBe('fine');
    await run.clock.advance(1);
    expect(await outcome(run.breaker.execute(() => expect.unreachable()))).toMatchObject({
      code: 'BUSBAR_BREAKER_OPEN',
    });
    expect(run.events).toMatchObject([{ cause: 'slow-rate', calls: 2, slow: 1 }]);
    expect(run.breaker.stats()).toMatchObject({ slow: 1, overdue: 1, inFlight: 2 });
  });

  test('a call that was counted while it ran is not counted again when it ends', async () => {
    const run = rig({ ...overdue, trip: { ...overdue.trip, minimumCalls: 9 } });
    const { call, end } = begin(run);
    await run.clock.advance(60);
    await run.succeed(1);
    end.resolve('late but well');
    expect(await call).toBe('late but well');
    expect(run.breaker.stats()).toMatchObject({ slow: 1, overdue: 1, success: 2, windowCalls: 2, windowSlow: 1 });
  });

  test('its failure still counts among the failures in a row', async () => {
    const run = rig({ ...overdue, trip: { ...overdue.trip, minimumCalls: 9 } });
    const { call, end } = begin(run);
    await run.clock.advance(60);
    await run.fail(2);
    end.reject(new Error('down'));
    await call;
    expect(run.edges()).toEqual(['closed>open consecutive']);
    expect(run.breaker.stats()).toMatchObject({ windowCalls: 3, windowFailures: 2 });
  });

  test('calls that ended in time are never marked, in whatever order they ended', async () => {
    const run = rig({ ...overdue, trip: { ...overdue.trip, minimumCalls: 9 } });
    const calls = [begin(run), begin(run), begin(run), begin(run)];
    for (const index of [1, 0, 3]) calls[index]?.end.resolve('fine');
    await Promise.all([0, 1, 3].map(async (index) => calls[index]?.call));
    await run.clock.advance(60);
    await run.succeed(2);
    expect(run.breaker.stats()).toMatchObject({ overdue: 1, slow: 1, inFlight: 1 });
  });

  test('calls of an earlier epoch, and probes, are not marked', async () => {
    const run = rig({ ...overdue, halfOpen: { probes: 1, leaseMs: 1_000 } });
    begin(run);
    run.breaker.suggestOpen(100, 'down');
    await run.clock.advance(100);
    begin(run);
    await run.clock.advance(100);
    await outcome(run.breaker.execute(() => 1));
    expect(run.breaker.stats()).toMatchObject({ overdue: 0, state: 'half-open' });
  });

  test('a permit that was reserved before is no reason to look the other way', async () => {
    const run = rig({ ...overdue, trip: { ...overdue.trip, minimumCalls: 9 } });
    begin(run);
    const permit = await run.breaker.ready();
    await run.clock.advance(60);
    expect(await run.breaker.execute(() => 'fine', { permit })).toBe('fine');
    expect(run.breaker.stats()).toMatchObject({ overdue: 1 });
  });
});
