import { RetriesExhaustedError, retry } from '@busbar/retry';
import { describe, expect, it } from 'vitest';

import { failing, refused, rejectionOf, setup, transient } from './retry-setup.ts';

describe('the decision', () => {
  it('stops with the original error, unchanged, when it is not retryable', async () => {
    const original = new Error('no idea');
    expect(await rejectionOf(retry(() => Promise.reject(original)))).toBe(original);
  });

  it('stops with whatever was thrown, also when it is no error', async () => {
    expect(await rejectionOf(retry(failing(1, () => 'text')))).toBe('text');
  });

  it('does not repeat what may have been applied, unless allowed', async () => {
    const unknown = transient('unknown');
    expect(await rejectionOf(retry(() => Promise.reject(unknown)))).toBe(unknown);
    const { clock, options } = setup({ retryUnknown: true });
    const result = retry(
      failing(1, () => unknown),
      options,
    );
    await clock.advance(100);
    await expect(result).resolves.toBe(2);
  });

  it('does not multiply the attempts of nested loops', async () => {
    const { clock, options } = setup();
    let calls = 0;
    const innermost = (): Promise<never> => {
      calls += 1;
      return Promise.reject(refused());
    };
    const result = rejectionOf(retry(() => retry(() => retry(innermost, options), options), options));
    await clock.advance(60_000);
    expect(await result).toBeInstanceOf(RetriesExhaustedError);
    expect(calls).toBe(4);
  });

  it('asks the decision of the caller with the error and the attempt', async () => {
    const asked: unknown[] = [];
    const { clock, options } = setup({
      decide: (error, attempt) => {
        asked.push([error, attempt.number]);
        return attempt.number < 2 ? 'retry' : 'stop';
      },
    });
    const original = new Error('odd');
    const result = rejectionOf(retry(() => Promise.reject(original), options));
    await clock.advance(1_000);
    expect(await result).toBe(original);
    expect(asked).toEqual([
      [original, 1],
      [original, 2],
    ]);
  });

  it('stops with the error of a decision that throws', async () => {
    const thrown = new Error('decide is broken');
    const decide = (): never => {
      throw thrown;
    };
    expect(await rejectionOf(retry(failing(1), { decide }))).toBe(thrown);
  });

  it('ends once when the decision itself aborts the call', async () => {
    const controller = new AbortController();
    const { clock, options } = setup({
      decide: () => {
        controller.abort('changed my mind');
        return 'retry';
      },
    });
    const error = await rejectionOf(retry(failing(1), { ...options, signal: controller.signal }));
    expect(error).toMatchObject({ code: 'BUSBAR_ABORTED', cause: 'changed my mind' });
    expect(clock.pending()).toBe(0);
  });
});
