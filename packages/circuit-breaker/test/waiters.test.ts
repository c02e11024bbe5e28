import { getEventListeners } from 'node:events';

import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { AbortedError } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import { BreakerQueueFullError, BreakerQueueTimeoutError, BreakerShutDownError } from '../src/index.ts';
import { outcome, rig } from './breaker-on-manual-time.ts';

describe('ready()', () => {
  test('resolves at once with a permit while the breaker is closed, and owns no timer', async () => {
    const { breaker, clock } = rig();
    const permit = await breaker.ready({ timeoutMs: 10 });
    expect(permit).toBe(1);
    expect(clock.pending()).toBe(0);
    expect(breaker.success(permit)).toBe(true);
  });

  test('first come, first served: one waiter per free probe, then everybody once it closes', async () => {
    const { breaker, clock, fail } = rig({ halfOpen: { probes: 2, leaseMs: 50 } });
    await fail(2);
    const order: string[] = [];
    const permits = ['a', 'b', 'c'].map((name) =>
      breaker.ready().then((permit) => {
        order.push(name);
        return permit;
      }),
    );
    expect(breaker.stats().waiters).toBe(3);
    expect(clock.pending()).toBe(1);
    await clock.advance(99);
    expect(order).toEqual([]);
    await clock.advance(1);
    expect(order).toEqual(['a']);
    const [a, b, c] = permits;
    if (a === undefined || b === undefined || c === undefined) return;
    breaker.success(await a);
    await settle();
    expect(order).toEqual(['a', 'b']);
    breaker.success(await b);
    await settle();
    expect(order).toEqual(['a', 'b', 'c']);
    expect(breaker.state).toBe('closed');
    expect(breaker.success(await c)).toBe(true);
    expect(clock.pending()).toBe(0);
  });

  test('nobody overtakes those who wait', async () => {
    const { breaker, clock, fail } = rig({ halfOpen: { probes: 2, leaseMs: 50 } });
    await fail(2);
    const first = breaker.ready();
    await clock.advance(100);
    const second = breaker.ready();
    const third = breaker.ready();
    breaker.release(await first);
    expect(await second).toBe(3);
    expect(breaker.stats().waiters).toBe(1);
    await breaker.close();
    expect(await outcome(third)).toBeInstanceOf(BreakerShutDownError);
  });

  test('who comes when the time is over, but before the first waiter was woken, waits behind it', async () => {
    let aheadMs = 0;
    const run = rig({ clock: { now: () => run.clock.now() + aheadMs } });
    await run.fail(2);
    const first = run.breaker.ready();
    aheadMs = 100;
    const second = run.breaker.ready();
    expect(run.breaker.stats()).toMatchObject({ waiters: 2, state: 'open' });
    await run.clock.advance(100);
    expect(await first).toBe(3);
    expect(run.breaker.stats().waiters).toBe(1);
    run.breaker.success(await first);
    expect(await second).toBe(4);
  });

  test('a woken waiter has its permit: a call that comes before it looks is refused', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    const waiting = breaker.ready();
    await clock.advance(100);
    expect(breaker.tryAcquire()).toBe(0);
    expect(await breaker.execute(() => 'probe', { permit: await waiting })).toBe('probe');
    expect(breaker.state).toBe('closed');
  });

  test('a permit that is given back wakes the next one', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    const [first, second] = [breaker.ready(), breaker.ready()];
    await clock.advance(100);
    breaker.release(await first);
    expect(await second).toBe(3);
  });

  test('a probe that hangs frees its place when its lease and the next open period are over', async () => {
    const { breaker, clock, fail, edges } = rig();
    await fail(2);
    const hung = breaker.ready();
    await clock.advance(100);
    const next = breaker.ready();
    await clock.advance(50 + 200);
    expect(await next).toBe(5);
    expect(breaker.success(await hung)).toBe(false);
    expect(edges()).toEqual([
      'closed>open consecutive',
      'open>half-open open-elapsed',
      'half-open>open probe-timeout',
      'open>half-open open-elapsed',
    ]);
  });

  test('cockatiel C4: a thousand callers that wait on a hung probe all end when they give up', async () => {
    const { breaker, clock, fail } = rig({ maxWaiters: 1_000 });
    await fail(2);
    await clock.advance(100);
    void breaker.execute(() => new Promise(() => undefined));
    const controller = new AbortController();
    const waiting = Array.from({ length: 1_000 }, () => outcome(breaker.ready({ signal: controller.signal })));
    controller.abort('shutting down');
    const errors = await Promise.all(waiting);
    expect(errors.every((error) => error instanceof AbortedError)).toBe(true);
    expect(breaker.stats().waiters).toBe(0);
    expect(clock.pending()).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('isolation stops the wait without a timer, and its end wakes', async () => {
    const { breaker, clock } = rig();
    const handle = breaker.isolate('maintenance');
    const waiting = breaker.ready();
    expect(clock.pending()).toBe(0);
    handle.release();
    expect(await waiting).toBe(3);
  });

  test('a suggestion to stay open longer is waited for', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    const waiting = breaker.ready();
    await clock.advance(50);
    breaker.suggestOpen(500, 'the health check failed');
    await clock.advance(499);
    expect(breaker.stats()).toMatchObject({ waiters: 1, state: 'open' });
    await clock.advance(1);
    expect(await waiting).toBe(3);
  });

  test('the limit in time rejects with BreakerQueueTimeoutError and leaves nothing behind', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    const controller = new AbortController();
    const waiting = outcome(breaker.ready({ timeoutMs: 30, signal: controller.signal }));
    await clock.advance(30);
    expect(await waiting).toBeInstanceOf(BreakerQueueTimeoutError);
    expect(await waiting).toMatchObject({ outcome: 'not-sent', details: { limitMs: 30 } });
    expect(clock.pending()).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('a signal aborted before rejects at once', async () => {
    const { breaker } = rig();
    const error = await outcome(breaker.ready({ signal: AbortSignal.abort('no') }));
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({ cause: 'no' });
    expect(breaker.stats().inFlight).toBe(0);
  });

  test('more than maxWaiters are refused', async () => {
    const { breaker, fail } = rig({ maxWaiters: 1 });
    await fail(2);
    const first = outcome(breaker.ready());
    const error = await outcome(breaker.ready());
    expect(error).toBeInstanceOf(BreakerQueueFullError);
    expect(error).toMatchObject({ retryable: true, details: { limit: 1 } });
    await breaker.close();
    expect(await first).toBeInstanceOf(BreakerShutDownError);
  });

  test('a wait is no refusal: nothing is counted as rejected', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    const waiting = breaker.ready();
    await clock.advance(100);
    breaker.release(await waiting);
    expect(breaker.stats()).toMatchObject({ rejectedOpen: 0, rejectedProbesBusy: 0 });
  });

  test('listeners hear of the transition that a waiter caused', async () => {
    const { breaker, clock, fail, edges } = rig();
    await fail(2);
    await clock.advance(100);
    expect(await breaker.ready()).toBe(3);
    expect(edges()).toEqual(['closed>open consecutive', 'open>half-open open-elapsed']);
  });
});
