import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import type { DegradeOptions } from '../../src/degrade/index.ts';
import { BreakerQueueTimeoutError } from '../../src/index.ts';
import { outcome } from '../breaker-on-manual-time.ts';
import { BadPayload, degradeRig, Unrelated } from './degrader-on-manual-time.ts';

const boom = new Error('boom');
const throwBoom = (): never => {
  throw boom;
};

const queue = (hold: DegradeOptions<string, string>['queue'] = {}): Omit<DegradeOptions<string, string>, 'run'> => ({
  whenRefused: 'queue',
  queue: hold,
});

describe('holding calls while the breaker is open', () => {
  test('R-CB-3 they run in order when it lets them through; the first of them is the probe', async () => {
    const { degrader, clock, fail, started, edges } = degradeRig(queue());
    await fail(2);
    const results = ['a', 'b', 'c'].map((payload) => degrader.submit(payload));
    expect(degrader.stats()).toMatchObject({ queued: 3, enqueued: 3, drained: 0 });
    expect(started).toEqual([]);
    await clock.advance(100);
    expect(await Promise.all(results)).toEqual(['done a', 'done b', 'done c']);
    expect(started).toEqual(['a', 'b', 'c']);
    expect(edges().at(-1)).toBe('half-open>closed probes-succeeded');
    expect(degrader.stats()).toMatchObject({ queued: 0, drained: 3, queueWaitMs: { count: 3, max: 100 } });
    expect(clock.pending()).toBe(0);
  });

  test('R-CB-3 while anything is held, what comes later goes behind it, although the breaker is closed', async () => {
    const { breaker, degrader, behave, fail, started } = degradeRig(queue());
    await fail(2);
    const gate = Promise.withResolvers<string>();
    behave((payload) => (payload === 'a' ? gate.promise : payload));
    const first = degrader.submit('a');
    breaker.reset();
    const second = degrader.submit('b');
    await settle();
    expect(started).toEqual(['a']);
    gate.resolve('a');
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
    expect(await degrader.submit('c')).toBe('c');
    expect(degrader.stats()).toMatchObject({ enqueued: 2 });
  });

  test('a call that runs at once gets the signal of its caller', async () => {
    const { degrader, behave } = degradeRig(queue());
    const { signal } = new AbortController();
    behave((_, context) => String(context.signal === signal));
    expect(await degrader.submit('a', { signal })).toBe('true');
  });

  test('a call that runs at once and fails is its caller’s', async () => {
    const { degrader, behave } = degradeRig(queue());
    behave(throwBoom);
    expect(await outcome(degrader.submit('a'))).toBe(boom);
    expect(degrader.stats()).toMatchObject({ enqueued: 0, deadLetters: 0 });
  });

  test('R-CB-3 an outage is no attempt: the head stays the head and waits again', async () => {
    const { degrader, clock, behave, fail, started } = degradeRig(queue());
    await fail(2);
    let down = true;
    behave((payload) => (down ? throwBoom() : payload));
    const [a, b] = [degrader.submit('a'), degrader.submit('b')];
    await clock.advance(100);
    await clock.advance(200);
    await clock.advance(400);
    expect(started).toEqual(['a', 'a', 'a']);
    down = false;
    await clock.advance(800);
    expect(await Promise.all([a, b])).toEqual(['a', 'b']);
  });

  test('R-CB-3 a failure of a breaker that stays closed is not repeated at once', async () => {
    const { breaker, degrader, clock, behave, fail, started } = degradeRig(queue(), {
      trip: { consecutive: 9 },
      halfOpen: { probes: 1 },
    });
    await fail(9);
    behave(() => (started.length < 3 ? throwBoom() : 'fine'));
    const call = degrader.submit('a');
    breaker.reset();
    await settle();
    expect(started).toHaveLength(1);
    await clock.advance(50);
    expect(started).toHaveLength(2);
    await clock.advance(100);
    expect(await call).toBe('fine');
  });

  test('R-CB-3 what says nothing about the dependency is tried again after a growing pause', async () => {
    const { degrader, clock, behave, fail, started } = degradeRig(queue());
    await fail(2);
    behave(() => {
      if (started.length < 4) throw new Unrelated('busy elsewhere');
      return 'fine';
    });
    const call = degrader.submit('a');
    await clock.advance(100);
    expect(started).toHaveLength(1);
    await clock.advance(50);
    expect(started).toHaveLength(2);
    await clock.advance(100);
    expect(started).toHaveLength(3);
    await clock.advance(200);
    expect(await call).toBe('fine');
  });

  test('R-CB-3 a fault of the payload goes to its caller and to the dead letters; the next one runs', async () => {
    const { degrader, clock, behave, fail } = degradeRig(queue());
    await fail(2);
    const bad = new BadPayload('column too long');
    behave((payload) => (payload === 'bad' ? Promise.reject(bad) : payload));
    const calls = [outcome(degrader.submit('bad')), degrader.submit('good')] as const;
    await clock.advance(100);
    expect(await Promise.all(calls)).toEqual([bad, 'good']);
    expect(degrader.deadLetters.list()).toEqual([
      { payload: 'bad', error: bad, reason: 'rejected', enqueuedAtMs: 0, deadAtMs: 100 },
    ]);
    expect(degrader.stats()).toMatchObject({ deadRejected: 1, deadLetters: 1 });
  });

  test('R-CB-3 what may have had its effect is the decision of its caller, or is tried again if he said so', async () => {
    const hang = { callTimeoutMs: 10, halfOpen: { probes: 1, leaseMs: 50 } };
    const careful = degradeRig(queue(), hang);
    await careful.fail(2);
    careful.behave(() => new Promise(() => undefined));
    const call = outcome(careful.degrader.submit('a'));
    await careful.clock.advance(110);
    expect(await call).toMatchObject({ code: 'BUSBAR_BREAKER_TIMEOUT', outcome: 'unknown' });
    expect(careful.degrader.stats()).toMatchObject({ queued: 0, deadLetters: 0 });
    const bold = degradeRig(queue({ onUnknown: 'retry' }), hang);
    await bold.fail(2);
    bold.behave(() => (bold.started.length === 1 ? new Promise(() => undefined) : 'twice, perhaps'));
    const again = bold.degrader.submit('a');
    await bold.clock.advance(110 + 200);
    expect(await again).toBe('twice, perhaps');
  });

  test('R-CB-3 what is held for too long expires, with one timer for all', async () => {
    const { breaker, degrader, clock } = degradeRig(queue({ maxWaitMs: 500 }));
    breaker.isolate('for long');
    const first = outcome(degrader.submit('a'));
    await clock.advance(200);
    const second = outcome(degrader.submit('b'));
    expect(clock.pending()).toBe(1);
    await clock.advance(300);
    expect(await first).toBeInstanceOf(BreakerQueueTimeoutError);
    expect(await first).toMatchObject({ outcome: 'not-sent', details: { limitMs: 500 } });
    expect(degrader.stats()).toMatchObject({ queued: 1, deadExpired: 1 });
    await clock.advance(200);
    expect(await second).toBeInstanceOf(BreakerQueueTimeoutError);
    expect(degrader.deadLetters.list().map(({ payload, reason }) => [payload, reason])).toEqual([
      ['a', 'expired'],
      ['b', 'expired'],
    ]);
    expect(clock.pending()).toBe(0);
  });

  test('a call that runs when its time is over may end well; if it fails it has expired', async () => {
    const { degrader, clock, behave, fail } = degradeRig(queue({ maxWaitMs: 150, drainConcurrency: 2 }));
    await fail(2);
    const gates = { a: Promise.withResolvers<string>(), b: Promise.withResolvers<string>() };
    behave((payload) => (payload === 'a' ? gates.a.promise : gates.b.promise));
    const calls = [degrader.submit('a'), outcome(degrader.submit('b'))] as const;
    await clock.advance(100);
    gates.a.resolve('just in time');
    await clock.advance(100);
    gates.b.reject(boom);
    expect(await calls[0]).toBe('just in time');
    expect(await calls[1]).toBeInstanceOf(BreakerQueueTimeoutError);
  });

  test('what expires after a run that may have had its effect says so', async () => {
    const { degrader, clock, behave, fail } = degradeRig(queue({ maxWaitMs: 150, onUnknown: 'retry' }), {
      callTimeoutMs: 10,
      halfOpen: { probes: 1, leaseMs: 50 },
    });
    await fail(2);
    behave(() => new Promise(() => undefined));
    const call = outcome(degrader.submit('a'));
    await clock.advance(150);
    expect(await call).toMatchObject({ code: 'BUSBAR_BREAKER_QUEUE_TIMEOUT', outcome: 'unknown' });
  });
});
