import { getEventListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import { BreakerTimeoutError } from '../src/index.ts';
import { outcome, rig } from './breaker-on-manual-time.ts';

const limited = { callTimeoutMs: 30, halfOpen: { probes: 1, leaseMs: 50 } };

describe('a call under callTimeoutMs', () => {
  test('R-CB-1 ends in time with one failure, one abort and an unknown outcome', async () => {
    const { breaker, clock } = rig(limited);
    let own: AbortSignal | undefined;
    const call = outcome(
      breaker.execute((signal) => {
        own = signal;
        return new Promise(() => undefined);
      }),
    );
    await clock.advance(29);
    expect(breaker.stats()).toMatchObject({ failure: 0, inFlight: 1 });
    await clock.advance(1);
    const error = await call;
    expect(error).toBeInstanceOf(BreakerTimeoutError);
    expect(error).toMatchObject({
      outcome: 'unknown',
      retryable: true,
      details: { breaker: 'dependency', limitMs: 30 },
    });
    expect(own?.reason).toBe(error);
    expect(breaker.stats()).toMatchObject({ failure: 1, timeouts: 1, inFlight: 0, late: 0 });
    expect(clock.pending()).toBe(0);
  });

  test.each(['resolve', 'reject'] as const)('a late %s is counted and changes nothing (opossum O13)', async (how) => {
    const { breaker, clock } = rig(limited);
    const gate = Promise.withResolvers<string>();
    const call = outcome(breaker.execute(() => gate.promise));
    await clock.advance(30);
    if (how === 'resolve') gate.resolve('late');
    else gate.reject(new Error('late'));
    await clock.advance(0);
    expect(await call).toBeInstanceOf(BreakerTimeoutError);
    expect(breaker.stats()).toMatchObject({ failure: 1, success: 0, timeouts: 1, late: 1, extraSettlements: 0 });
  });

  test('R-CB-1 timeouts count as failures and open the breaker; other calls are untouched', async () => {
    const { breaker, clock, edges } = rig({ ...limited, trip: { consecutive: 1 } });
    const slow = outcome(breaker.execute(() => new Promise(() => undefined)));
    await clock.advance(20);
    const gate = Promise.withResolvers<string>();
    const other = breaker.execute(() => gate.promise);
    await clock.advance(10);
    expect(await slow).toBeInstanceOf(BreakerTimeoutError);
    expect(edges()).toEqual(['closed>open consecutive']);
    gate.resolve('unharmed');
    expect(await other).toBe('unharmed');
    expect(breaker.stats()).toMatchObject({ staleSuccess: 1 });
  });

  test('all calls share one timer, each with its own deadline, and nothing remains', async () => {
    const { breaker, clock } = rig({ ...limited, trip: { consecutive: 99 } });
    const calls = [0, 1, 2].map(async () => outcome(breaker.execute(() => new Promise(() => undefined))));
    await clock.advance(10);
    const quick = Promise.withResolvers<string>();
    const quickCall = breaker.execute(() => quick.promise);
    const later = outcome(breaker.execute(() => new Promise(() => undefined)));
    expect(clock.pending()).toBe(1);
    quick.resolve('fine');
    expect(await quickCall).toBe('fine');
    await clock.advance(20);
    expect(breaker.stats()).toMatchObject({ timeouts: 3, inFlight: 1 });
    expect(clock.pending()).toBe(1);
    await clock.advance(10);
    await Promise.all([...calls, later]);
    expect(breaker.stats()).toMatchObject({ timeouts: 4, inFlight: 0 });
    expect(clock.pending()).toBe(0);
  });

  test('a timer that fires too early is set again', async () => {
    const early = rig({ ...limited, clock: { now: () => early.clock.now() * 0.99 } });
    const call = outcome(early.breaker.execute(() => new Promise(() => undefined)));
    await early.clock.advance(30);
    expect(early.breaker.stats()).toMatchObject({ timeouts: 0 });
    await early.clock.advance(1);
    expect(await call).toBeInstanceOf(BreakerTimeoutError);
  });

  test('the signal of the caller reaches the function with its reason, and no listener is left (cockatiel #69, #81)', async () => {
    const { breaker, clock } = rig(limited);
    const caller = new AbortController();
    const reason = new Error('changed my mind');
    let own: AbortSignal | undefined;
    const call = breaker.execute(
      (signal) => {
        own = signal;
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('stopped', { cause: signal.reason }));
          });
        });
      },
      { signal: caller.signal },
    );
    expect(own).not.toBe(caller.signal);
    caller.abort(reason);
    expect(await outcome(call)).toMatchObject({ cause: reason });
    expect(own?.reason).toBe(reason);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  test('no listener is left on the signal of the caller after success and after a timeout', async () => {
    const { breaker, clock } = rig(limited);
    const { signal } = new AbortController();
    await breaker.execute(() => 1, { signal });
    const call = outcome(breaker.execute(() => new Promise(() => undefined), { signal }));
    await clock.advance(30);
    await call;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('a function that throws at once fails as it would without a limit', async () => {
    const { breaker, clock } = rig(limited);
    const boom = new Error('boom');
    expect(
      await outcome(
        breaker.execute(() => {
          throw boom;
        }),
      ),
    ).toBe(boom);
    expect(breaker.stats()).toMatchObject({ failure: 1, inFlight: 0 });
    expect(clock.pending()).toBe(0);
  });

  test('a call that starts when another one times out has all of its time', async () => {
    const { breaker, clock } = rig({ ...limited, trip: { consecutive: 99 } });
    let second: Promise<unknown> | undefined;
    void outcome(
      breaker.execute((signal) => {
        signal?.addEventListener('abort', () => {
          second = outcome(breaker.execute(() => new Promise(() => undefined)));
        });
        return new Promise(() => undefined);
      }),
    );
    await clock.advance(59);
    expect(breaker.stats()).toMatchObject({ timeouts: 1, inFlight: 1 });
    await clock.advance(1);
    expect(await second).toBeInstanceOf(BreakerTimeoutError);
  });
});
