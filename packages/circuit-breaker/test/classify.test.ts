import { describe, expect, test } from 'vitest';

import { BreakerOpenError, type Verdict } from '../src/index.ts';
import { outcome, rig } from './breaker-on-manual-time.ts';

const boom = new Error('boom');

/** What only JavaScript can answer. */
const nonsense = (): Verdict => {
  const verdicts: Verdict[] = ['success'];
  Reflect.set(verdicts, 0, 'perhaps');
  return verdicts[0] ?? 'success';
};

describe('what results mean', () => {
  test('a classifier decides, and knows duration and signal', async () => {
    const asked: unknown[] = [];
    const { breaker, clock } = rig({
      classify: {
        error: (error, durationMs, signal) => {
          asked.push([error, durationMs, signal]);
          return 'ignore';
        },
        result: (result, durationMs) => {
          asked.push([result, durationMs]);
          return result === 503 ? 'failure' : 'success';
        },
      },
    });
    const gate = Promise.withResolvers<never>();
    const { signal } = new AbortController();
    const call = breaker.execute(() => gate.promise, { signal });
    await clock.advance(30);
    gate.reject(boom);
    await outcome(call);
    await breaker.execute(() => 503);
    await breaker.execute(() => 200);
    expect(asked).toEqual([
      [boom, 30, signal],
      [503, 0],
      [200, 0],
    ]);
    expect(breaker.stats()).toMatchObject({ ignored: 1, failure: 1, success: 1 });
  });

  test('the refusal of a breaker inside is ignored, whatever the classifier says', async () => {
    const inner = rig();
    await inner.fail(2);
    const outer = rig({ classify: { error: () => 'failure' } });
    const error = await outcome(outer.breaker.execute(() => inner.breaker.execute(() => 1)));
    expect(error).toBeInstanceOf(BreakerOpenError);
    expect(outer.breaker.stats()).toMatchObject({ ignored: 1, failure: 0 });
  });

  test.each<[string, () => Verdict]>([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['answers nonsense', () => nonsense()],
  ])(
    'a classifier that %s counts as failure, is reported, and changes nothing for the caller',
    async (_, classifier) => {
      const { breaker, reported } = rig({ classify: { error: classifier, result: classifier } });
      expect(await breaker.execute(() => 'fine')).toBe('fine');
      expect(breaker.stats()).toMatchObject({ failure: 1, inFlight: 0 });
      expect(reported).toHaveLength(1);
    },
  );

  test('ignored calls neither reset nor raise the failures in a row; a success does reset them', async () => {
    const { breaker, fail, succeed } = rig();
    await fail(1);
    const permit = breaker.tryAcquire();
    if (permit !== 0) breaker.release(permit);
    expect(breaker.stats().consecutiveFailures).toBe(1);
    await succeed(1);
    expect(breaker.stats().consecutiveFailures).toBe(0);
    await fail(1);
    expect(breaker.state).toBe('closed');
  });
});
