import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { AbortedError } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import type { DegradeOptions } from '../../src/degrade/index.ts';
import { BreakerQueueFullError, BreakerShutDownError } from '../../src/index.ts';
import { outcome } from '../breaker-on-manual-time.ts';
import { degradeRig } from './degrader-on-manual-time.ts';

const boom = new Error('boom');
const queue = (hold: DegradeOptions<string, string>['queue'] = {}): Omit<DegradeOptions<string, string>, 'run'> => ({
  whenRefused: 'queue',
  queue: hold,
});

describe('bounds and ends of held calls', () => {
  test('R-CB-3 more than fits is refused at once, by calls and by bytes, and leaves no letter', async () => {
    const { degrader, fail } = degradeRig(queue({ maxCalls: 2, maxBytes: 10, sizeOf: ({ length }) => length }));
    await fail(2);
    const held = [outcome(degrader.submit('12345')), outcome(degrader.submit('123'))];
    const full = await outcome(degrader.submit('1'));
    expect(full).toBeInstanceOf(BreakerQueueFullError);
    expect(full).toMatchObject({ outcome: 'not-sent', details: { limit: 2 } });
    expect(degrader.stats()).toMatchObject({ queued: 2, queuedBytes: 8, queueFull: 1, deadLetters: 0 });
    await degrader.close({ deadlineMs: 0 });
    await Promise.all(held);
    const bytes = degradeRig(queue({ maxBytes: 10, sizeOf: ({ length }) => length }));
    await bytes.fail(2);
    expect(await outcome(bytes.degrader.submit('12345678901'))).toMatchObject({ details: { limit: 10 } });
  });

  test('R-CB-3 an abort removes what waits at once; what runs gets the signal', async () => {
    const { degrader, clock, behave, fail } = degradeRig(queue());
    await fail(2);
    behave((payload, { signal }) =>
      payload === 'c'
        ? new Promise((_, reject) => {
            signal?.addEventListener('abort', () => {
              reject(boom);
            });
          })
        : payload,
    );
    const [a, b, c] = [new AbortController(), new AbortController(), new AbortController()];
    const calls = [a, b, c].map(({ signal }, index) => outcome(degrader.submit('abc'.charAt(index), { signal })));
    b.abort();
    expect(await calls[1]).toBeInstanceOf(AbortedError);
    a.abort('no more');
    expect(await calls[0]).toMatchObject({ code: 'BUSBAR_ABORTED', outcome: 'not-sent', cause: 'no more' });
    await clock.advance(100);
    c.abort();
    expect(await calls[2]).toBe(boom);
    expect(degrader.stats()).toMatchObject({ aborted: 3, queued: 0, deadLetters: 0 });
    expect(clock.pending()).toBe(0);
  });

  test('an abort between two tries, of which one may have had its effect, leaves the outcome open', async () => {
    const { degrader, clock, behave, fail } = degradeRig(queue({ onUnknown: 'retry' }), {
      callTimeoutMs: 10,
      halfOpen: { probes: 1, leaseMs: 50 },
    });
    await fail(2);
    behave(() => new Promise(() => undefined));
    const caller = new AbortController();
    const call = outcome(degrader.submit('a', { signal: caller.signal }));
    await clock.advance(120);
    caller.abort();
    expect(await call).toMatchObject({ code: 'BUSBAR_ABORTED', outcome: 'unknown' });
  });

  test('R-CB-3 calls of one key never overlap or overtake, the one in flight included; others may', async () => {
    const { breaker, degrader, behave, started } = degradeRig(
      queue({ orderKey: (payload) => payload.charAt(0), drainConcurrency: 4 }),
    );
    const gates = new Map<string, PromiseWithResolvers<string>>();
    behave((payload) => {
      const gate = Promise.withResolvers<string>();
      gates.set(payload, gate);
      return gate.promise;
    });
    const calls = ['a1', 'b1', 'a2', 'a3', 'b2', 'c1'].map((payload) => degrader.submit(payload));
    await settle();
    expect(started).toEqual(['a1', 'b1', 'c1']);
    gates.get('a1')?.resolve('a1');
    await settle();
    expect(started).toEqual(['a1', 'b1', 'c1', 'a2']);
    gates.get('b1')?.resolve('b1');
    gates.get('a2')?.resolve('a2');
    await settle();
    expect(started).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    for (const gate of gates.values()) gate.resolve('done');
    await Promise.all(calls);
    const handle = breaker.isolate('hold');
    const refused = degrader.submit('a4');
    handle.release();
    await settle();
    gates.get('a4')?.resolve('a4');
    expect(await refused).toBe('a4');
  });

  test('R-CB-3 close() takes no more, drains until the deadline, and tells the rest', async () => {
    const { degrader, clock, behave, fail } = degradeRig(queue());
    await fail(2);
    behave((payload) => (payload === 'b' ? new Promise(() => undefined) : payload));
    const calls = ['a', 'b', 'c'].map((payload) => outcome(degrader.submit(payload)));
    const closing = degrader.close({ deadlineMs: 1_000 });
    expect(degrader.close()).toBe(closing);
    expect(await outcome(degrader.submit('d'))).toBeInstanceOf(BreakerShutDownError);
    await clock.advance(1_000);
    const report = await closing;
    expect(report).toMatchObject({
      drained: 1,
      undelivered: [
        { payload: 'b', reason: 'closed' },
        { payload: 'c', reason: 'closed' },
      ],
    });
    expect(await Promise.all(calls)).toMatchObject(['a', { outcome: 'unknown' }, { outcome: 'not-sent' }]);
    expect(degrader.stats()).toMatchObject({ queued: 0, deadClosed: 2 });
    expect(clock.pending()).toBe(0);
  });

  test('close() with nothing held, and with all of it drained, ends at once', async () => {
    const idle = degradeRig(queue());
    expect(await idle.degrader.close()).toEqual({ drained: 0, undelivered: [] });
    const run = degradeRig(queue());
    await run.fail(2);
    const call = run.degrader.submit('a');
    const disposed = run.degrader[Symbol.asyncDispose]();
    await run.clock.advance(100);
    await disposed;
    expect(await call).toBe('done a');
    expect(run.clock.pending()).toBe(0);
  });

  test('a result that comes after close() gave the call up changes nothing', async () => {
    const { degrader, clock, behave, fail } = degradeRig(queue());
    await fail(2);
    const gate = Promise.withResolvers<string>();
    behave(() => gate.promise);
    const call = outcome(degrader.submit('a'));
    await clock.advance(100);
    await degrader.close({ deadlineMs: 0 });
    gate.resolve('late');
    await settle();
    expect(await call).toBeInstanceOf(BreakerShutDownError);
    expect(degrader.stats()).toMatchObject({ drained: 0, deadClosed: 1 });
  });

  test('what is held when the breaker is shut down is told so', async () => {
    const { breaker, degrader, fail } = degradeRig(queue());
    await fail(2);
    const call = outcome(degrader.submit('a'));
    await breaker.close();
    expect(await call).toBeInstanceOf(BreakerShutDownError);
    expect(degrader.stats()).toMatchObject({ deadClosed: 1 });
  });

  test('when the breaker can hold no more waiters the head looks again later', async () => {
    const { breaker, degrader, clock, fail } = degradeRig(queue(), { maxWaiters: 1 });
    await fail(2);
    const other = breaker.ready();
    const call = degrader.submit('a');
    await clock.advance(100);
    breaker.success(await other);
    await clock.advance(50);
    expect(await call).toBe('done a');
  });

  test('a permit that comes when its call has just been aborted is given back', async () => {
    const { breaker, degrader, clock, fail } = degradeRig(queue());
    await fail(2);
    const caller = new AbortController();
    const call = outcome(degrader.submit('a', { signal: caller.signal }));
    const woken = breaker.onTransition(() => {
      caller.abort();
    });
    await clock.advance(100);
    woken[Symbol.dispose]();
    expect(await call).toBeInstanceOf(AbortedError);
    expect(breaker.stats()).toMatchObject({ inFlight: 0, probesIgnored: 1 });
  });
});
