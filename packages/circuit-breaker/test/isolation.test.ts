import { describe, expect, test } from 'vitest';

import { BreakerIsolatedError } from '../src/index.ts';
import { outcome, rig } from './breaker-on-manual-time.ts';

describe('isolation by hand', () => {
  test('R-CB-7 refuses every call with the reason, and never ends by itself (opossum O10)', async () => {
    const { breaker, clock } = rig();
    breaker.isolate('maintenance until noon');
    await clock.advance(1_000_000);
    const error = await outcome(breaker.execute(() => expect.unreachable()));
    expect(error).toBeInstanceOf(BreakerIsolatedError);
    expect(error).toMatchObject({
      outcome: 'not-sent',
      details: { reason: 'isolated', state: 'isolated', because: 'maintenance until noon', retryAfterMs: 0 },
    });
    expect(breaker.stats()).toMatchObject({ state: 'isolated', enforced: false, rejectedIsolated: 1 });
  });

  test('R-CB-7 it lasts until the last handle is released; releasing one twice does nothing', async () => {
    const { breaker, edges } = rig();
    const first = breaker.isolate('first');
    const second = breaker.isolate('second');
    second.release();
    second.release();
    second[Symbol.dispose]();
    expect(breaker.state).toBe('isolated');
    expect(await outcome(breaker.execute(() => 1))).toMatchObject({ details: { because: 'first' } });
    first[Symbol.dispose]();
    expect(breaker.state).toBe('closed');
    expect(edges()).toEqual(['closed>isolated manual', 'isolated>closed manual']);
  });

  test('R-CB-7 the end can begin with probes', async () => {
    const { breaker, succeed } = rig();
    breaker.isolate('trial').release({ resume: 'half-open' });
    expect(breaker.state).toBe('half-open');
    await succeed(1);
    expect(breaker.state).toBe('closed');
  });

  test('R-CB-7 a probe that was under way when it began is stale', async () => {
    const { breaker, clock, fail } = rig();
    await fail(2);
    await clock.advance(100);
    const gate = Promise.withResolvers<string>();
    const probe = breaker.execute(() => gate.promise);
    breaker.isolate('stop').release({ resume: 'half-open' });
    gate.resolve('late');
    await probe;
    expect(breaker.state).toBe('half-open');
    expect(breaker.stats()).toMatchObject({ staleSuccess: 1, probesSucceeded: 0, inFlight: 0 });
  });

  test('R-CB-7 the reason is told with the transition', () => {
    const { breaker, events } = rig();
    breaker.isolate('upgrade');
    expect(events).toMatchObject([{ to: 'isolated', reason: 'upgrade', enforced: true }]);
  });

  test('reset below an isolation leaves it in force', async () => {
    const { breaker, fail, events } = rig();
    await fail(2);
    const handle = breaker.isolate('hold');
    breaker.reset();
    expect(breaker.stats()).toMatchObject({ state: 'isolated', automaticState: 'closed' });
    expect(events.at(-1)).toMatchObject({ from: 'closed', to: 'closed', cause: 'reset', enforced: false });
    handle.release();
    expect(breaker.state).toBe('closed');
  });

  test('a suggestion to open is without effect while isolated', () => {
    const { breaker } = rig();
    const handle = breaker.isolate('hold');
    breaker.suggestOpen(100, 'down');
    handle.release();
    expect(breaker.state).toBe('closed');
  });
});
