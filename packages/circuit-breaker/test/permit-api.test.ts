import { describe, expect, test } from 'vitest';

import { rig } from './breaker-on-manual-time.ts';

const boom = new Error('boom');

describe('the permit API', () => {
  test('a permit given to execute is settled by the call', async () => {
    const { breaker } = rig();
    const permit = breaker.tryAcquire();
    expect(permit).toBe(1);
    if (permit === 0) return;
    await breaker.execute(() => 1, { permit });
    expect(breaker.stats()).toMatchObject({ success: 1, inFlight: 0 });
  });

  test('a permit settled twice is counted and changes nothing', () => {
    const { breaker } = rig({ trip: { consecutive: 1 } });
    const permit = breaker.tryAcquire();
    if (permit === 0) return;
    expect(breaker.success(permit)).toBe(true);
    expect(breaker.failure(permit)).toBe(false);
    expect(breaker.state).toBe('closed');
    expect(breaker.stats()).toMatchObject({ extraSettlements: 1, inFlight: 0 });
  });

  test('a probe settled twice never makes room for two', async () => {
    const { breaker, clock, fail } = rig({ trip: { consecutive: 2 }, halfOpen: { probes: 2, concurrency: 1 } });
    const old = breaker.tryAcquire();
    await fail(2);
    await clock.advance(100);
    const probe = breaker.tryAcquire();
    if (probe === 0 || old === 0) return;
    breaker.release(probe);
    expect(breaker.release(probe)).toBe(false);
    expect(breaker.stats()).toMatchObject({ extraSettlements: 1, inFlight: 1, probesIgnored: 1 });
  });

  test('the error given to failure() is reported with the transition by its code', () => {
    const { breaker, events } = rig({ trip: { consecutive: 1 } });
    const permit = breaker.tryAcquire();
    if (permit !== 0) breaker.failure(permit, undefined, Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    expect(events).toMatchObject([{ cause: 'consecutive', code: 'ECONNREFUSED' }]);
  });

  test('an error whose code cannot be read has none', () => {
    const { breaker, events } = rig({ trip: { consecutive: 1 } });
    const permit = breaker.tryAcquire();
    const hostile = Object.defineProperty({}, 'code', {
      enumerable: true,
      get: () => {
        throw boom;
      },
    });
    if (permit !== 0) breaker.failure(permit, undefined, hostile);
    expect(events[0]).not.toHaveProperty('code');
  });
});
