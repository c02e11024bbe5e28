import { describe, expect, test } from 'vitest';

import { BreakerFallbackError, BreakerOpenError, BreakerShutDownError } from '../src/index.ts';
import { outcome, rig } from './breaker-on-manual-time.ts';

const boom = new Error('boom');
const down = (): Promise<never> => Promise.reject(boom);

describe('a fallback', () => {
  test('R-CB-3 answers in place of a refused call, with the refusal in hand', async () => {
    const { breaker, fail } = rig();
    await fail(2);
    const seen: unknown[] = [];
    const answer = await breaker.execute(() => 'real', {
      fallback: (error, { refused }) => {
        seen.push(error, refused);
        return 'instead';
      },
    });
    expect(answer).toBe('instead');
    expect(seen).toEqual([expect.any(BreakerOpenError), true]);
    expect(breaker.stats()).toMatchObject({ success: 0, rejectedOpen: 1 });
  });

  test('does not run when the call ran, unless asked for', async () => {
    const { breaker } = rig({ trip: { consecutive: 3 } });
    expect(await outcome(breaker.execute(down, { fallback: () => expect.unreachable() }))).toBe(boom);
    const answer = breaker.execute(down, { fallbackOn: 'any', fallback: (error, { refused }) => [error, refused] });
    expect(await answer).toEqual([boom, false]);
    expect(breaker.stats()).toMatchObject({ failure: 2 });
    expect(await breaker.execute(() => 'real', { fallbackOn: 'any', fallback: () => 'instead' })).toBe('real');
  });

  test('does not run for a caller that has gone', async () => {
    const { breaker } = rig();
    const caller = new AbortController();
    const call = breaker.execute(
      () => {
        caller.abort(boom);
        return Promise.reject(boom);
      },
      { signal: caller.signal, fallbackOn: 'any', fallback: () => expect.unreachable() },
    );
    expect(await outcome(call)).toBe(boom);
  });

  test('that throws is reported together with what it was to replace, and ran once', async () => {
    const { breaker, fail } = rig();
    await fail(2);
    let runs = 0;
    const second = Object.assign(new Error('no room'), { code: 'ECONNRESET' });
    const error = await outcome(
      breaker.execute(() => 'real', {
        fallback: () => {
          runs += 1;
          throw second;
        },
      }),
    );
    expect(error).toBeInstanceOf(BreakerFallbackError);
    expect(error).toMatchObject({ cause: second, retryable: true, outcome: 'not-sent', details: { refused: true } });
    expect(error).toHaveProperty('errors', [expect.any(BreakerOpenError), second]);
    expect(runs).toBe(1);
  });

  test('that throws after a failed call leaves the outcome open when nobody states one', async () => {
    const { breaker } = rig();
    const error = await outcome(breaker.execute(down, { fallbackOn: 'any', fallback: down }));
    expect(error).toMatchObject({
      code: 'BUSBAR_BREAKER_FALLBACK_FAILED',
      retryable: false,
      details: { refused: false },
    });
    expect(error).not.toHaveProperty('outcome');
  });

  test('does not run after close()', async () => {
    const { breaker } = rig();
    await breaker.close();
    const call = breaker.execute(() => 1, { fallback: () => expect.unreachable() });
    expect(await outcome(call)).toBeInstanceOf(BreakerShutDownError);
  });
});
