import { describe, expect, test } from 'vitest';

import { rig } from './breaker-on-manual-time.ts';

describe('statistics', () => {
  test('R-CB-6 time in each state, entries and outages', async () => {
    const { breaker, clock, fail, succeed } = rig();
    await clock.advance(10);
    await fail(2);
    await clock.advance(100);
    await fail(1);
    await clock.advance(250);
    expect(breaker.stats()).toMatchObject({
      outages: 1,
      outageMs: 350,
      lastOutageMs: 0,
      probeDue: true,
      state: 'open',
    });
    await succeed(1);
    await clock.advance(40);
    expect(breaker.stats()).toMatchObject({
      state: 'closed',
      probeDue: false,
      openCount: 2,
      transitions: { closed: 1, open: 2, 'half-open': 2, isolated: 0 },
      timeInStateMs: { closed: 50, open: 350, 'half-open': 0, isolated: 0 },
      outages: 1,
      outageMs: 350,
      lastOutageMs: 350,
      probesStarted: 2,
      probesFailed: 1,
      probesSucceeded: 1,
    });
  });

  test('R-CB-6 reading never causes a transition', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    await clock.advance(1_000);
    expect([breaker.state, breaker.retryAfterMs, breaker.stats().probeDue]).toEqual(['open', 0, true]);
    expect(breaker.stats()).toMatchObject({ state: 'open', epoch: 2 });
  });

  test('R-CB-6 counters survive a reset', async () => {
    const { breaker, fail } = rig();
    await fail(2);
    breaker.reset();
    expect(breaker.stats()).toMatchObject({
      failure: 2,
      consecutiveFailures: 0,
      openCount: 0,
      state: 'closed',
      epoch: 3,
    });
  });

  test('an isolation during an outage does not end it; the next close does', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    await clock.advance(10);
    const handle = breaker.isolate('look');
    await clock.advance(10);
    handle.release();
    expect(breaker.stats()).toMatchObject({ outages: 1, lastOutageMs: 20, timeInStateMs: { isolated: 10, open: 10 } });
  });
});
