import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { afterEach, describe, expect, test } from 'vitest';

import { outcome, rig } from './breaker-on-manual-time.ts';

const subscriptions: [string, (message: unknown) => void][] = [];

/** Everything published on a channel from now on. */
const heard = (event: string): unknown[] => {
  const messages: unknown[] = [];
  const listener = (message: unknown): void => {
    messages.push(message);
  };
  subscriptions.push([`busbar:circuit-breaker:${event}`, listener]);
  subscribe(`busbar:circuit-breaker:${event}`, listener);
  return messages;
};

describe('diagnostics channels', () => {
  afterEach(() => {
    for (const [name, listener] of subscriptions.splice(0)) unsubscribe(name, listener);
  });

  test('R-OB-1 an instance announces its life', async () => {
    const [created, closed] = [heard('created'), heard('closed')];
    const { breaker } = rig();
    await breaker.close();
    expect(created).toMatchObject([{ name: 'dependency', options: { name: 'dependency', maxWaiters: 1_000 } }]);
    expect(created[0]).toHaveProperty('instance', breaker);
    expect(closed).toEqual([{ name: 'dependency' }]);
  });

  test('R-CB-6 transitions, refusals and probes are published with what they meant', async () => {
    const [transitions, refusals, probes] = [heard('transition'), heard('rejected'), heard('probe')];
    const { breaker, clock, fail } = rig();
    await clock.advance(5);
    await fail(2);
    await outcome(breaker.execute(() => 1));
    await clock.advance(100);
    const gate = Promise.withResolvers<number>();
    const probe = breaker.execute(() => gate.promise);
    await clock.advance(7);
    gate.resolve(1);
    await probe;
    expect(transitions).toEqual([
      {
        name: 'dependency',
        from: 'closed',
        to: 'open',
        cause: 'consecutive',
        enforced: true,
        epoch: 2,
        sinceMs: 5,
        openForMs: 100,
        calls: 2,
        failures: 2,
        slow: 0,
      },
      expect.objectContaining({ from: 'open', to: 'half-open', cause: 'open-elapsed', epoch: 3, sinceMs: 100 }),
      expect.objectContaining({ from: 'half-open', to: 'closed', cause: 'probes-succeeded', epoch: 4, sinceMs: 7 }),
    ]);
    expect(refusals).toEqual([{ name: 'dependency', state: 'open', reason: 'open', retryAfterMs: 100 }]);
    expect(probes).toEqual([{ name: 'dependency', verdict: 'success', durationMs: 7 }]);
  });

  test('a probe through the permit API has no duration', async () => {
    const probes = heard('probe');
    const { breaker, clock, fail } = rig();
    await fail(2);
    await clock.advance(100);
    const permit = breaker.tryAcquire();
    if (permit !== 0) breaker.failure(permit);
    expect(probes).toEqual([{ name: 'dependency', verdict: 'failure' }]);
  });

  test('what listeners throw is published', () => {
    const errors = heard('listener-error');
    const { breaker } = rig();
    const error = new Error('in a listener');
    breaker.onTransition(() => {
      throw error;
    });
    breaker.reset();
    expect(errors).toEqual([{ name: 'dependency', error }]);
  });
});
