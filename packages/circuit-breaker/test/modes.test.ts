import { describe, expect, test } from 'vitest';

import { BreakerBusyError } from '../src/index.ts';
import { outcome, rig } from './breaker-on-manual-time.ts';

describe('mode observe', () => {
  test('admits all, runs the machine, and tells what it would have done', async () => {
    const { breaker, clock, events, fail, succeed } = rig({ mode: 'observe' });
    await fail(2);
    expect(breaker.stats()).toMatchObject({ state: 'observe', automaticState: 'open', enforced: false });
    await succeed(3);
    expect(breaker.stats()).toMatchObject({ wouldReject: 3, success: 3, rejectedOpen: 0 });
    await clock.advance(100);
    await succeed(1);
    expect(events).toMatchObject([
      { from: 'closed', to: 'open', cause: 'consecutive', enforced: false, sinceMs: 0, openForMs: 100 },
      { from: 'open', to: 'half-open', cause: 'open-elapsed', enforced: false, sinceMs: 100 },
      { from: 'half-open', to: 'closed', cause: 'probes-succeeded', enforced: false },
    ]);
    expect(breaker.stats()).toMatchObject({
      state: 'observe',
      outages: 0,
      transitions: { open: 0, observe: 0 },
      timeInStateMs: { observe: 100, open: 0 },
    });
  });

  test('an isolation is in force above it', async () => {
    const { breaker } = rig({ mode: 'observe' });
    const handle = breaker.isolate('really');
    expect(await outcome(breaker.execute(() => 1))).toMatchObject({ code: 'BUSBAR_BREAKER_ISOLATED' });
    expect(breaker.stats().wouldReject).toBe(0);
    handle.release();
    expect(breaker.state).toBe('observe');
  });
});

describe('mode disabled', () => {
  test('admits all and records nothing', async () => {
    const { breaker, fail } = rig({ mode: 'disabled' });
    await fail(50);
    breaker.suggestOpen(100, 'down');
    expect(breaker.stats()).toMatchObject({ state: 'disabled', failure: 50, windowCalls: 0, consecutiveFailures: 0 });
    expect(await breaker.ready()).toBe(-1);
  });
});

describe('setMode', () => {
  test('starts the machine again, with nothing recorded; results from before are stale', async () => {
    const { breaker, edges, fail } = rig();
    const old = breaker.tryAcquire();
    await fail(1);
    breaker.setMode('observe');
    breaker.setMode('observe');
    breaker.setMode('disabled');
    breaker.setMode('active');
    expect(edges()).toEqual(['closed>observe manual', 'observe>disabled manual', 'disabled>closed manual']);
    expect(breaker.stats()).toMatchObject({ state: 'closed', consecutiveFailures: 0, windowCalls: 0 });
    expect(old !== 0 && breaker.failure(old)).toBe(false);
    await fail(1);
    expect(breaker.state).toBe('closed');
  });

  test('a call without tracking may end after the mode has changed, and decides nothing', async () => {
    const { breaker } = rig({ mode: 'disabled', trip: { consecutive: 1 } });
    const permit = breaker.tryAcquire();
    breaker.setMode('active');
    expect(permit !== 0 && breaker.failure(permit)).toBe(true);
    expect(breaker.stats()).toMatchObject({ state: 'closed', failure: 1, consecutiveFailures: 0 });
  });

  test('below an isolation it waits for its end', () => {
    const { breaker, edges } = rig();
    const handle = breaker.isolate('hold');
    breaker.setMode('observe');
    expect(breaker.state).toBe('isolated');
    handle.release();
    expect(edges()).toEqual(['closed>isolated manual', 'isolated>observe manual']);
  });

  test('after close() nothing changes', async () => {
    const { breaker, events } = rig();
    await breaker.close();
    breaker.setMode('observe');
    expect(events).toEqual([]);
  });
});

describe('maxConcurrentCalls', () => {
  test('refuses at once what is one too many, and takes no probe for it', async () => {
    const { breaker, clock, fail } = rig({ maxConcurrentCalls: 1, halfOpen: { probes: 1, leaseMs: 50 } });
    const permit = breaker.tryAcquire();
    const error = await outcome(breaker.execute(() => expect.unreachable()));
    expect(error).toBeInstanceOf(BreakerBusyError);
    expect(error).toMatchObject({ outcome: 'not-sent', details: { reason: 'busy', state: 'closed', retryAfterMs: 0 } });
    if (permit !== 0) breaker.success(permit);
    await fail(2);
    await clock.advance(100);
    const probe = breaker.tryAcquire();
    expect(breaker.tryAcquire()).toBe(0);
    if (probe !== 0) breaker.success(probe);
    expect(breaker.stats()).toMatchObject({ rejectedBusy: 2, state: 'closed' });
  });

  test('who waits is woken by a call that ends, without a timer', async () => {
    const { breaker, clock } = rig({ maxConcurrentCalls: 1 });
    const permit = breaker.tryAcquire();
    const waiting = breaker.ready();
    expect(clock.pending()).toBe(0);
    if (permit !== 0) breaker.failure(permit);
    expect(await waiting).toBe(1);
  });
});
