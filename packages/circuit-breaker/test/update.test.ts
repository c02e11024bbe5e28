import { describe, expect, test } from 'vitest';

import { BreakerOptionsError } from '../src/index.ts';
import { outcome, rig, thrownBy } from './breaker-on-manual-time.ts';

describe('update()', () => {
  test('R-CB-4 changes the rules at once and keeps what was recorded', async () => {
    const { breaker, edges, fail } = rig({ trip: { consecutive: 5 } });
    await fail(3);
    breaker.update({ trip: { consecutive: 4 } });
    expect(breaker.stats()).toMatchObject({ windowFailures: 3, consecutiveFailures: 3 });
    await fail(1);
    expect(edges()).toEqual(['closed>open consecutive']);
  });

  test('R-CB-5 is all or nothing, with every problem', async () => {
    const { breaker } = rig();
    const before = breaker.snapshot().settings;
    const patch = Object.assign({ trip: { consecutive: 5 }, open: { baseMs: -1 } }, { name: 'other', maxWaiters: 1 });
    const error = thrownBy(() => {
      breaker.update(patch);
    });
    expect(error).toBeInstanceOf(BreakerOptionsError);
    expect(error).toMatchObject({
      details: { issues: [{ path: 'name' }, { path: 'maxWaiters' }, { path: 'open.baseMs' }] },
    });
    expect(breaker.snapshot().settings).toBe(before);
  });

  test('a running open period stays as it is; the next one follows the new settings', async () => {
    const { breaker, clock, fail, events } = rig();
    await fail(2);
    breaker.update({ open: { baseMs: 7, factor: 1 } });
    expect(breaker.retryAfterMs).toBe(100);
    await clock.advance(100);
    await fail(1);
    expect(events.at(-1)).toMatchObject({ to: 'open', openForMs: 7 });
  });

  test('in half-open the probes that are decided already may be enough', async () => {
    const { breaker, clock, edges, fail, succeed } = rig({
      trip: { consecutive: 3 },
      halfOpen: { probes: 3, leaseMs: 50 },
    });
    await fail(3);
    await clock.advance(100);
    await succeed(2);
    expect(breaker.state).toBe('half-open');
    breaker.update({ halfOpen: { probes: 2 } });
    expect(edges().at(-1)).toBe('half-open>closed probes-succeeded');
  });

  test('in half-open the failures that were tolerated may be too many', async () => {
    const { breaker, clock, edges, fail } = rig({ halfOpen: { probes: 1, maxFailures: 2, leaseMs: 50 } });
    await fail(2);
    await clock.advance(100);
    await fail(1);
    expect(breaker.state).toBe('half-open');
    breaker.update({ halfOpen: { maxFailures: 0 } });
    expect(edges().at(-1)).toBe('half-open>open probe-failed');
  });

  test('a classifier may be put in place, also for calls that are under way', async () => {
    const { breaker } = rig();
    const gate = Promise.withResolvers<never>();
    const call = breaker.execute(() => gate.promise);
    breaker.update({ classify: { error: () => 'ignore' } });
    gate.reject(new Error('down'));
    await outcome(call);
    expect(breaker.stats()).toMatchObject({ ignored: 1, failure: 0 });
  });

  test('a slow start may be put in place, and waiters hear of a change', async () => {
    const { breaker, clock, fail, succeed } = rig();
    breaker.update({ rampMs: 100 });
    await fail(2);
    await clock.advance(100);
    await succeed(1);
    expect(breaker.tryAcquire()).toBe(0);
    expect(breaker.stats()).toMatchObject({ rejectedRamp: 1 });
  });
});
