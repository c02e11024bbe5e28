import { getEventListeners } from 'node:events';

import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { AbortedError } from '@busbar/errors';
import { retry } from '@busbar/retry';
import { describe, expect, it } from 'vitest';

import { failing, never, refused, rejectionOf, setup, transient } from './retry-setup.ts';

describe('abort by the caller', () => {
  it('is prompt in a sleep: the outcome so far, no timer, no listener', async () => {
    const { clock, options } = setup();
    const controller = new AbortController();
    const result = rejectionOf(
      retry(
        failing(1, () => transient('rejected')),
        { ...options, signal: controller.signal },
      ),
    );
    await clock.advance(10);
    controller.abort('stop it');
    const error = await result;
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({
      cause: 'stop it',
      outcome: 'rejected',
      message: 'retry "retry" was aborted by its caller: string',
    });
    expect(clock.pending()).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('states no outcome when none of the failures did', async () => {
    const { options } = setup();
    const controller = new AbortController();
    const result = rejectionOf(retry(failing(1), { ...options, signal: controller.signal }));
    controller.abort();
    expect(await result).not.toHaveProperty('outcome');
  });

  it('is prompt in an attempt that ignores its signal, and the outcome is unknown', async () => {
    const { clock, options } = setup({ deadlineMs: 1_000 });
    const controller = new AbortController();
    let signal: AbortSignal | undefined;
    const result = rejectionOf(
      retry(
        (attempt) => {
          ({ signal } = attempt);
          return never();
        },
        { ...options, signal: controller.signal },
      ),
    );
    controller.abort('stop it');
    expect(await result).toMatchObject({ code: 'BUSBAR_ABORTED', outcome: 'unknown', cause: 'stop it' });
    expect(signal?.reason).toBe('stop it');
    expect(clock.pending()).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('wins over a result that is not delivered yet, and loses to one that is', async () => {
    const first = new AbortController();
    const aborted = retry(() => 1, { signal: first.signal });
    first.abort();
    await expect(aborted).rejects.toBeInstanceOf(AbortedError);
    const second = new AbortController();
    const done = retry(() => 1, { signal: second.signal });
    await settle();
    second.abort();
    await expect(done).resolves.toBe(1);
    expect(getEventListeners(second.signal, 'abort')).toHaveLength(0);
  });

  it('from within the attempt ends the call once', async () => {
    const controller = new AbortController();
    const result = retry(
      () => {
        controller.abort('inside');
        throw refused();
      },
      { signal: controller.signal },
    );
    await expect(result).rejects.toMatchObject({ code: 'BUSBAR_ABORTED', cause: 'inside', outcome: 'unknown' });
  });
});
