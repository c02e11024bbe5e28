import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, test } from 'vitest';

import {
  BreakerOpenError,
  BreakerOptionsError,
  BreakerShutDownError,
  CallRejectedError,
  createBreaker,
} from '../src/index.ts';
import { outcome, rig } from './breaker-on-manual-time.ts';

const boom = new Error('boom');

describe('a call through the breaker', () => {
  test('R-CB-1 the function starts synchronously and its result is passed on', async () => {
    const { breaker } = rig();
    let started = false;
    const promise = breaker.execute(() => {
      started = true;
      return Promise.resolve(42);
    });
    expect(started).toBe(true);
    expect(await promise).toBe(42);
    expect(breaker.stats()).toMatchObject({ success: 1, inFlight: 0 });
  });

  test('R-CB-1 concurrent calls run at the same time', async () => {
    const { breaker } = rig();
    const gates = Array.from({ length: 50 }, () => Promise.withResolvers<number>());
    const calls = gates.map(({ promise }) => breaker.execute(() => promise));
    expect(breaker.stats().inFlight).toBe(50);
    for (const [index, gate] of gates.entries()) gate.resolve(index);
    expect(await Promise.all(calls)).toEqual([...gates.keys()]);
  });

  test('an open breaker refuses without calling, and says for how long', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    await clock.advance(40);
    const error = await outcome(breaker.execute(() => expect.unreachable()));
    expect(error).toBeInstanceOf(BreakerOpenError);
    expect(error).toBeInstanceOf(CallRejectedError);
    expect(error).toMatchObject({
      code: 'BUSBAR_BREAKER_OPEN',
      outcome: 'not-sent',
      retryable: true,
      retryAfterMs: 60,
      details: { breaker: 'dependency', state: 'open', reason: 'open', retryAfterMs: 60, openCount: 1 },
    });
    expect(breaker.retryAfterMs).toBe(60);
    expect(breaker.stats()).toMatchObject({ rejectedOpen: 1, failure: 2, success: 0 });
  });

  test('a refusal has no stack unless asked for', async () => {
    const bare = rig();
    await bare.fail(2);
    expect(await outcome(bare.breaker.execute(() => 1))).toHaveProperty(
      'stack',
      expect.not.stringContaining('    at '),
    );
    const traced = rig({ captureStack: true });
    await traced.fail(2);
    expect(await outcome(traced.breaker.execute(() => 1))).toHaveProperty('stack', expect.stringContaining('    at '));
  });

  test('half-open, without a free probe, the refusal says when the lease ends', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    await clock.advance(100);
    void breaker.execute(() => new Promise(() => undefined));
    await clock.advance(20);
    expect(await outcome(breaker.execute(() => 1))).toMatchObject({
      details: { state: 'half-open', reason: 'probes-busy', retryAfterMs: 30 },
    });
    expect(breaker.stats()).toMatchObject({ rejectedProbesBusy: 1, probesStarted: 1 });
  });

  test('two failures in one tick trip once; the second is stale', async () => {
    const { breaker, events } = rig({ trip: { consecutive: 1 } });
    await Promise.allSettled([
      breaker.execute(() => Promise.reject(boom)),
      breaker.execute(() => Promise.reject(boom)),
    ]);
    expect(events).toHaveLength(1);
    expect(breaker.stats()).toMatchObject({ failure: 1, staleFailure: 1 });
  });

  test('a stale success does not close a half-open breaker (opossum O3)', async () => {
    const { breaker, clock, fail } = rig();
    const old = Promise.withResolvers<string>();
    const call = breaker.execute(() => old.promise);
    await fail(2);
    await clock.advance(100);
    const probe = breaker.tryAcquire();
    old.resolve('late');
    expect(await call).toBe('late');
    expect(breaker.state).toBe('half-open');
    expect(breaker.stats()).toMatchObject({ staleSuccess: 1, inFlight: 1 });
    if (probe !== 0) breaker.release(probe);
  });

  test('a stale failure does not reopen a half-open breaker (cockatiel C1)', async () => {
    const { breaker, clock, fail } = rig();
    const old = Promise.withResolvers<string>();
    const call = breaker.execute(() => old.promise);
    await fail(2);
    await clock.advance(100);
    const probe = Promise.withResolvers<string>();
    const probing = breaker.execute(() => probe.promise);
    old.reject(boom);
    expect(await outcome(call)).toBe(boom);
    probe.resolve('back');
    await probing;
    expect(breaker.state).toBe('closed');
  });

  test('the async context of the caller reaches the function, and is there again after it', async () => {
    const { breaker } = rig({ latency: 'on', profile: 'test', halfOpen: { probes: 1 } });
    const storage = new AsyncLocalStorage<string>();
    const seen = await storage.run('request 7', async () => {
      const inside = await breaker.execute(async () => {
        await Promise.resolve();
        return storage.getStore();
      });
      return [inside, storage.getStore()];
    });
    expect(seen).toEqual(['request 7', 'request 7']);
  });

  test('the async stack of an error reaches through the breaker to the caller', async () => {
    const { breaker } = rig();
    const failLater = async (): Promise<never> => {
      await Promise.resolve();
      throw new Error('inside');
    };
    async function namedCaller(): Promise<unknown> {
      // oxlint-disable-next-line typescript/return-await -- a frame of this function is what is looked for
      return await breaker.execute(failLater);
    }
    const error = await outcome(namedCaller());
    expect(error).toHaveProperty('stack', expect.stringContaining('namedCaller'));
  });
});

describe('the end of a breaker', () => {
  test('after close() every call rejects with BreakerShutDownError, and close() may be repeated', async () => {
    const { breaker } = rig();
    await Promise.all([breaker.close(), breaker.close()]);
    await breaker[Symbol.asyncDispose]();
    expect(await outcome(breaker.execute(() => expect.unreachable()))).toBeInstanceOf(BreakerShutDownError);
    expect(await outcome(breaker.ready())).toMatchObject({ code: 'BUSBAR_BREAKER_SHUT_DOWN', outcome: 'not-sent' });
    expect(breaker.tryAcquire()).toBe(0);
    expect(breaker.stats().rejectedOpen).toBe(0);
  });

  test('calls in flight at close() end as they end and decide nothing', async () => {
    const { breaker, events } = rig({ trip: { consecutive: 1 } });
    const gate = Promise.withResolvers<never>();
    const call = breaker.execute(() => gate.promise);
    const handle = breaker.isolate('before');
    await breaker.close();
    const told = events.length;
    gate.reject(boom);
    expect(await outcome(call)).toBe(boom);
    handle.release();
    breaker.reset();
    breaker.isolate('after');
    breaker.suggestOpen(10, 'after');
    expect(events).toHaveLength(told);
  });

  test('an idle breaker holds no timer', async () => {
    const { clock, fail } = rig();
    await fail(2);
    expect(clock.pending()).toBe(0);
  });
});

describe('suggestOpen', () => {
  test.each([0, -1, Number.NaN])('refuses %d ms', (forMs) => {
    const { breaker } = rig();
    expect(() => {
      breaker.suggestOpen(forMs, 'nonsense');
    }).toThrow(BreakerOptionsError);
  });
});

test('a breaker whose clock throws or stands still goes on working', async () => {
  const reported: unknown[] = [];
  const breaker = createBreaker({
    name: 'broken-clock',
    trip: { consecutive: 1 },
    halfOpen: { probes: 1 },
    clock: {
      now: () => {
        throw boom;
      },
    },
    onListenerError: (error) => reported.push(error),
  });
  await outcome(breaker.execute(() => Promise.reject(boom)));
  expect(breaker.state).toBe('open');
  expect(await outcome(breaker.execute(() => 1))).toBeInstanceOf(BreakerOpenError);
  expect(reported[0]).toBe(boom);
});

test('a clock that steps back counts as unchanged (cockatiel C8)', async () => {
  let nowMs = 10_000;
  const breaker = createBreaker({
    name: 'stepping-clock',
    trip: { consecutive: 1 },
    halfOpen: { probes: 1 },
    open: { baseMs: 100, jitter: 'none' },
    clock: { now: () => nowMs },
  });
  await outcome(breaker.execute(() => Promise.reject(boom)));
  nowMs = 0;
  expect(breaker.retryAfterMs).toBe(100);
  nowMs = 10_100;
  expect(await breaker.execute(() => 'back')).toBe('back');
});
