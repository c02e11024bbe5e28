import { AbortedError } from '@busbar/errors';
import { retry } from '@busbar/retry';
import { describe, expect, it } from 'vitest';

import { failing, rejectionOf, setup, transient } from './retry-setup.ts';

describe('the first attempt', () => {
  it('begins before the call returns', async () => {
    let began = false;
    const result = retry(() => {
      began = true;
    });
    expect(began).toBe(true);
    await expect(result).resolves.toBeUndefined();
  });

  it('takes a plain value, a promise, a thenable and undefined for success', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested
    const thenable: PromiseLike<number> = { then: (...handlers) => Promise.resolve(3).then(...handlers) };
    await expect(retry(() => 1)).resolves.toBe(1);
    await expect(retry(async () => 2)).resolves.toBe(2);
    await expect(retry(() => thenable)).resolves.toBe(3);
    await expect(retry(() => undefined)).resolves.toBeUndefined();
  });

  it('takes a synchronous throw for a failed attempt', async () => {
    const { clock, options } = setup();
    const result = retry(failing(1), options);
    await clock.advance(100);
    await expect(result).resolves.toBe(2);
  });

  it('is not made with an aborted signal', async () => {
    let calls = 0;
    const error = await rejectionOf(retry(() => (calls += 1), { signal: AbortSignal.abort('no') }));
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({ cause: 'no', outcome: 'not-sent', details: { reason: 'signal' } });
    expect(calls).toBe(0);
  });
});

describe('waiting and trying again', () => {
  it('waits by the backoff between attempts, and tells the attempt its number and times', async () => {
    const { clock, options } = setup({ deadlineMs: 10_000 });
    const seen: unknown[] = [];
    const result = retry((attempt) => {
      seen.push([attempt.number, attempt.elapsedMs, attempt.remainingMs, clock.now()]);
      return failing(2)(attempt);
    }, options);
    await clock.advance(300);
    await expect(result).resolves.toBe(3);
    expect(seen).toEqual([
      [1, 0, 10_000, 0],
      [2, 100, 9_900, 100],
      [3, 300, 9_700, 300],
    ]);
    expect(clock.pending()).toBe(0);
  });

  it('says that the remaining time is endless without a deadline', async () => {
    await expect(retry((attempt) => attempt.remainingMs)).resolves.toBe(Number.POSITIVE_INFINITY);
  });

  it('carries the previous delay over to decorrelated jitter', async () => {
    const { clock, options } = setup({ backoff: { jitter: 'decorrelated' } });
    const at: number[] = [];
    const result = retry((attempt) => {
      at.push(clock.now());
      return failing(2)(attempt);
    }, options);
    await clock.advance(1_000);
    await result;
    expect(at).toEqual([0, 200, 200 + 350]); // 100 + 0.5 * (300 - 100), then 100 + 0.5 * (600 - 100)
  });

  it('adds the hint of an error to the delay: it is a floor, and the maximum does not cut it', async () => {
    const { clock, options } = setup({ backoff: { jitter: 'none', maxMs: 200 } });
    const result = retry(
      failing(1, () => transient('not-sent', 6_000)),
      options,
    );
    await clock.advance(6_099);
    expect(clock.pending()).toBe(1);
    await clock.advance(1);
    await expect(result).resolves.toBe(2);
  });

  it('takes a hint from the decision, and a hint that is no time for none', async () => {
    for (const [retryAfterMs, delayMs] of [
      [400, 500],
      [-5, 100],
      [Number.NaN, 100],
    ] as const) {
      const { clock, options } = setup({ decide: () => ({ retryAfterMs }) });
      const result = retry(failing(1), options);
      // oxlint-disable-next-line no-await-in-loop -- a clock per case
      await clock.advance(delayMs - 1);
      expect(clock.pending()).toBe(1);
      // oxlint-disable-next-line no-await-in-loop -- a clock per case
      await clock.advance(1);
      // oxlint-disable-next-line no-await-in-loop -- a clock per case
      await expect(result).resolves.toBe(2);
    }
  });

  it('never sets a timer that is too long for the platform', async () => {
    const delays: number[] = [];
    const { clock, options } = setup({ decide: () => ({ retryAfterMs: Number.POSITIVE_INFINITY }) });
    const controller = new AbortController();
    const timers = {
      ...clock.timers,
      set: (callback: () => void, ms: number) => (delays.push(ms), clock.timers.set(callback, ms)),
    };
    const result = retry(failing(1), { ...options, timers, signal: controller.signal });
    controller.abort();
    await rejectionOf(result);
    expect(delays).toEqual([2_147_483_647]);
  });
});
