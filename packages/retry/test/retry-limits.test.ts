import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { TimeoutError } from '@busbar/errors';
import { type Attempt, RetriesExhaustedError, retry } from '@busbar/retry';
import { describe, expect, it } from 'vitest';

import { failing, never, refused, rejectionOf, setup, throwing, transient } from './retry-setup.ts';

describe('limits', () => {
  it('counts the first attempt, and gives up with all that is known', async () => {
    const { clock, options } = setup({ name: 'orders', maxAttempts: 3 });
    const errors = [refused(), transient('unknown', 5), transient('not-sent', 7)];
    const result = rejectionOf(retry(throwing(errors), { ...options, retryUnknown: true }));
    await clock.advance(1_000);
    const error = await result;
    expect(error).toBeInstanceOf(RetriesExhaustedError);
    expect(error).toMatchObject({
      message: '"orders" gave up after 3 attempts in 305 ms: no attempt is left: BUSBAR_TIMEOUT',
      retryable: true,
      outcome: 'unknown',
      retryAfterMs: 7,
      cause: errors[2],
      errors: [errors[0], errors[2]],
      details: { name: 'orders', reason: 'attempts', attempts: 3, elapsedMs: 305, lastCode: 'BUSBAR_TIMEOUT' },
    });
  });

  it('keeps at most five errors of different code, the latest of each', async () => {
    const { clock, options } = setup({ maxAttempts: 8, decide: () => 'retry' });
    const codes = ['A', 'B', 'C', 'A', 'D', 'E', 'F', 'F'];
    const errors = codes.map((code) => Object.assign(new Error('x'), { code }));
    const result = rejectionOf(retry(throwing(errors), options));
    await clock.advance(60_000);
    expect(await result).toMatchObject({ errors: [errors[2], errors[3], errors[4], errors[5], errors[7]] });
  });

  it('says one attempt, not attempts, and states no outcome or code when the errors state none', async () => {
    const error = await rejectionOf(
      retry(
        failing(1, () => undefined),
        { maxAttempts: 1, decide: () => 'retry' },
      ),
    );
    expect(String(error)).toMatch(
      /^RetriesExhaustedError: "retry" gave up after 1 attempt in \d+ ms: no attempt is left$/,
    );
    expect(error).not.toHaveProperty('outcome');
    expect(error).not.toHaveProperty('details.lastCode');
    expect(error).toMatchObject({ retryable: false });
  });

  it('shows no code that is none, and survives an error that cannot be read', async () => {
    const hostile = Object.defineProperty(new Error('x'), 'code', {
      get: () => {
        throw new Error('hostile');
      },
    });
    const odd = Object.assign(new Error('x'), { code: 'a secret sentence' });
    for (const error of [hostile, odd]) {
      // oxlint-disable-next-line no-await-in-loop -- two cases
      const rejection = await rejectionOf(
        retry(() => Promise.reject(error), { maxAttempts: 1, decide: () => 'retry' }),
      );
      expect(rejection).not.toHaveProperty('details.lastCode');
    }
  });

  it('rejects with the last error as it is when asked to', async () => {
    const { clock, options } = setup({ maxAttempts: 2, exhausted: 'last' });
    const last = refused();
    const result = rejectionOf(retry(({ number }) => Promise.reject(number === 2 ? last : refused()), options));
    await clock.advance(1_000);
    expect(await result).toBe(last);
  });

  it('does not begin a sleep that would end at the deadline, and answers at once', async () => {
    const { clock, options } = setup({ deadlineMs: 100 });
    const error = await rejectionOf(retry(failing(1), options));
    expect(error).toMatchObject({ details: { reason: 'deadline', attempts: 1, elapsedMs: 0 } });
    expect(clock.pending()).toBe(0);
  });

  it('begins a sleep that ends just before the deadline', async () => {
    const { clock, options } = setup({ deadlineMs: 101 });
    const result = retry(failing(1), options);
    await clock.advance(100);
    await expect(result).resolves.toBe(2);
  });

  it('does not wait for a hint beyond the deadline', async () => {
    const { options } = setup({ deadlineMs: 5_000 });
    const error = await rejectionOf(
      retry(
        failing(1, () => transient('not-sent', 5_000)),
        options,
      ),
    );
    expect(error).toMatchObject({ details: { reason: 'deadline', attempts: 1 }, retryAfterMs: 5_000 });
  });

  it('makes no attempt after the deadline when the timer comes late', async () => {
    let nowMs = 0;
    const { clock, options } = setup({ deadlineMs: 1_000 });
    let calls = 0;
    const result = rejectionOf(
      retry(
        (attempt) => {
          calls += 1;
          return failing(1)(attempt);
        },
        { ...options, clock: { now: () => nowMs } },
      ),
    );
    nowMs = 2_000; // the event loop was blocked
    await clock.advance(100);
    expect(await result).toMatchObject({ details: { reason: 'deadline', attempts: 1, elapsedMs: 2_000 } });
    expect(calls).toBe(1);
  });

  it('R-STD-3 refuses a loop without any bound, and takes a deadline or a signal for one', async () => {
    const endless = { maxAttempts: Number.POSITIVE_INFINITY };
    await expect(retry(() => 1, endless)).rejects.toMatchObject({
      details: { issues: [{ path: 'maxAttempts', problem: 'may be Infinity only with a deadline or a signal' }] },
    });
    await expect(retry(() => 1, { ...endless, deadlineMs: 5 })).resolves.toBe(1);
    await expect(retry(() => 1, { ...endless, signal: new AbortController().signal })).resolves.toBe(1);
  });
});

describe('attempts that run out of time', () => {
  it('aborts the signal of the attempt, counts it as a timeout of unknown outcome, and stops', async () => {
    const { clock, options } = setup({ attemptTimeoutMs: 50 });
    let signal: AbortSignal | undefined;
    const attempts: Attempt[] = [];
    const result = rejectionOf(
      retry((attempt) => {
        attempts.push(attempt);
        ({ signal } = attempt);
        return never();
      }, options),
    );
    await clock.advance(50);
    const error = await result;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      outcome: 'unknown',
      message: 'attempt 1 of "retry" did not finish within 50 ms',
      details: { limitMs: 50 },
    });
    expect(signal?.aborted).toBe(true);
    expect(attempts[0]?.signal).toBe(signal);
    expect(signal?.reason).toBe(error);
  });

  it('repeats a timed-out attempt when unknown outcomes may be repeated', async () => {
    const { clock, options } = setup({ attemptTimeoutMs: 50, retryUnknown: true });
    const result = retry(({ number }) => (number === 1 ? never() : number), options);
    await clock.advance(150);
    await expect(result).resolves.toBe(2);
  });

  it('gives an aborted signal to an attempt that asks for it only after its time', async () => {
    const { clock, options } = setup({ attemptTimeoutMs: 50 });
    const attempts: Attempt[] = [];
    const result = rejectionOf(
      retry((attempt) => {
        attempts.push(attempt);
        return never();
      }, options),
    );
    await clock.advance(50);
    expect(attempts[0]?.signal.reason).toBe(await result);
  });

  it('gives up at the deadline in the middle of an attempt', async () => {
    const { clock, options } = setup({ deadlineMs: 150, retryUnknown: true });
    const result = rejectionOf(retry(({ number }) => (number === 1 ? Promise.reject(refused()) : never()), options));
    await clock.advance(150);
    expect(await result).toMatchObject({
      code: 'BUSBAR_RETRY_EXHAUSTED',
      outcome: 'unknown',
      details: { reason: 'deadline', attempts: 2, elapsedMs: 150, lastCode: 'BUSBAR_TIMEOUT' },
      cause: { code: 'BUSBAR_TIMEOUT', details: { limitMs: 150 } },
    });
    expect(clock.pending()).toBe(0);
  });

  it('cuts the limit of an attempt to the time that remains', async () => {
    const { clock, options } = setup({ deadlineMs: 100, attemptTimeoutMs: 100 });
    const result = rejectionOf(retry(() => never(), options));
    await clock.advance(100);
    expect(await result).toMatchObject({ details: { reason: 'deadline' } });
  });

  it('ignores late results, and a late rejection is never unhandled', async () => {
    const { clock, options } = setup({ attemptTimeoutMs: 50 });
    const late = Promise.withResolvers<number>();
    const result = rejectionOf(retry(() => late.promise, options));
    await clock.advance(50);
    late.reject(new Error('too late'));
    await settle();
    expect(await result).toBeInstanceOf(TimeoutError);
  });

  it('ends once when a listener of the attempt aborts the call at the timeout or at the deadline', async () => {
    for (const limits of [{ attemptTimeoutMs: 50 }, { deadlineMs: 50 }]) {
      const { clock, options } = setup(limits);
      const controller = new AbortController();
      const result = rejectionOf(
        retry(
          ({ signal }) => {
            signal.addEventListener('abort', () => controller.abort('me too'));
            return never();
          },
          { ...options, signal: controller.signal },
        ),
      );
      // oxlint-disable-next-line no-await-in-loop -- a clock per case
      await clock.advance(50);
      // oxlint-disable-next-line no-await-in-loop -- a clock per case
      expect(await result).toMatchObject({ code: 'BUSBAR_ABORTED', cause: 'me too' });
      expect(clock.pending()).toBe(0);
    }
  });
});
