import { getEventListeners } from 'node:events';

import { AbortedError } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import { outcome, rig } from './breaker-on-manual-time.ts';

describe('the signal of a call', () => {
  test('a signal aborted before rejects without running and without a permit', async () => {
    const { breaker } = rig();
    const why = new Error('changed my mind');
    const error = await outcome(breaker.execute(() => expect.unreachable(), { signal: AbortSignal.abort(why) }));
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({ code: 'BUSBAR_ABORTED', outcome: 'not-sent', cause: why });
    expect(breaker.stats()).toMatchObject({ inFlight: 0, ignored: 0, success: 0, failure: 0 });
  });

  test('a signal aborted before gives a reserved permit back', async () => {
    const { breaker } = rig();
    const permit = await breaker.ready();
    await outcome(breaker.execute(() => 1, { signal: AbortSignal.abort(), permit }));
    expect(breaker.stats()).toMatchObject({ inFlight: 0, ignored: 1 });
  });

  test('the function gets the signal of the caller itself, or undefined', async () => {
    const { breaker } = rig();
    const { signal } = new AbortController();
    expect(await breaker.execute((given) => given, { signal })).toBe(signal);
    expect(await breaker.execute((given) => given)).toBeUndefined();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('a call that its caller aborted says nothing about the dependency', async () => {
    const { breaker } = rig({ trip: { consecutive: 1 }, halfOpen: { probes: 1 } });
    const reason = new Error('enough');
    const byReason = new AbortController();
    const first = breaker.execute(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(reason);
          });
        }),
      { signal: byReason.signal },
    );
    byReason.abort(reason);
    expect(await outcome(first)).toBe(reason);
    const byName = new AbortController();
    byName.abort();
    const second = breaker.execute(() => Promise.reject(new DOMException('no', 'AbortError')), {
      signal: new AbortController().signal,
    });
    await outcome(second);
    expect(breaker.stats()).toMatchObject({ ignored: 1, failure: 1 });
  });
});
