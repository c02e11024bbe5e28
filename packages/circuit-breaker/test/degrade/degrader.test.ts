import { AbortedError } from '@busbar/errors';
import { describe, expect, test } from 'vitest';

import { createDegrader, type DegradeOptions } from '../../src/degrade/index.ts';
import { BreakerFallbackError, BreakerOpenError, BreakerOptionsError, BreakerShutDownError } from '../../src/index.ts';
import { foreignBreaker, outcome, rig, thrownBy } from '../breaker-on-manual-time.ts';
import { BadPayload, degradeRig } from './degrader-on-manual-time.ts';

const boom = new Error('boom');
const throwBoom = (): never => {
  throw boom;
};

describe('failing fast', () => {
  test('R-CB-3 is the default: the result or the refusal', async () => {
    const { degrader, fail } = degradeRig({});
    expect(await degrader.submit('a')).toBe('done a');
    await fail(2);
    expect(await outcome(degrader.submit('b'))).toBeInstanceOf(BreakerOpenError);
    expect(degrader.stats()).toMatchObject({ queued: 0, enqueued: 0, deadLetters: 0, queueWaitMs: { count: 0 } });
    expect(await degrader.close()).toEqual({ drained: 0, undelivered: [] });
    expect(await outcome(degrader.submit('c'))).toBeInstanceOf(BreakerShutDownError);
  });

  test('the signal of the caller reaches the function; aborted before, nothing runs', async () => {
    const { degrader, started, behave } = degradeRig({});
    const { signal } = new AbortController();
    let seen: unknown;
    behave((_, context) => {
      seen = context;
      return 'fine';
    });
    await degrader.submit('a', { signal });
    expect(seen).toEqual({ signal, queuedMs: 0, replay: false });
    expect(await outcome(degrader.submit('b', { signal: AbortSignal.abort() }))).toBeInstanceOf(AbortedError);
    expect(started).toEqual(['a']);
  });
});

describe('diverting', () => {
  const divert = (payload: string, error: unknown): string =>
    `diverted ${payload}: ${error instanceof Error ? error.name : 'nothing'}`;

  test('R-CB-3 a refused call is done another way, a failed one only if asked for', async () => {
    const { degrader, behave, fail } = degradeRig({ whenRefused: 'divert', divert });
    behave(throwBoom);
    expect(await outcome(degrader.submit('a'))).toBe(boom);
    await fail(1);
    expect(await degrader.submit('b')).toBe('diverted b: BreakerOpenError');
    expect(degrader.stats()).toMatchObject({ diverted: 1, divertFailed: 0 });
  });

  test('R-CB-3 with refused-or-failed: what failed, but not what was the fault of the payload or of its caller', async () => {
    const run = degradeRig({ whenRefused: 'divert', divert, divertOn: 'refused-or-failed' });
    run.behave(throwBoom);
    expect(await run.degrader.submit('a')).toBe('diverted a: Error');
    const bad = new BadPayload('bad');
    run.behave(() => Promise.reject(bad));
    expect(await outcome(run.degrader.submit('b'))).toBe(bad);
    const caller = new AbortController();
    run.behave(() => {
      caller.abort(boom);
      throw boom;
    });
    expect(await outcome(run.degrader.submit('c', { signal: caller.signal }))).toBe(boom);
  });

  test('R-CB-3 a diversion that fails is reported with both errors', async () => {
    const { degrader, fail } = degradeRig({ whenRefused: 'divert', divert: throwBoom });
    await fail(2);
    const error = await outcome(degrader.submit('a'));
    expect(error).toBeInstanceOf(BreakerFallbackError);
    expect(error).toMatchObject({ cause: boom, outcome: 'not-sent', details: { refused: true } });
    expect(degrader.stats()).toMatchObject({ diverted: 0, divertFailed: 1 });
  });

  test('beside a breaker that is not ours every error is a failure, but for what no caller could mean', async () => {
    const options = { whenRefused: 'divert', divertOn: 'refused-or-failed', divert, run: throwBoom } as const;
    const degrader = createDegrader<string, string>(foreignBreaker(rig().breaker), options);
    expect(await degrader.submit('a')).toBe('diverted a: Error');
    const nested = createDegrader<string, string>(foreignBreaker(rig().breaker), {
      ...options,
      run: () => {
        throw new BreakerOpenError({ breaker: 'inner', state: 'open', reason: 'open', retryAfterMs: 1, openCount: 1 });
      },
    });
    expect(await outcome(nested.submit('b'))).toBeInstanceOf(BreakerOpenError);
  });

  test('nothing is diverted after the breaker was shut down, or before a call whose signal is aborted', async () => {
    const { degrader, breaker } = degradeRig({ whenRefused: 'divert', divert });
    await breaker.close();
    expect(await outcome(degrader.submit('a'))).toBeInstanceOf(BreakerShutDownError);
  });
});

describe('options of a degrader', () => {
  const optionsOf = (value: object): DegradeOptions<string, string> =>
    Object.assign({ run: (payload: string) => payload }, value);

  test.each<[object, string]>([
    [{ run: undefined }, 'run is required'],
    [{ run: 5 }, 'run must be a function'],
    [{ whenRefused: 'divert' }, 'divert is required'],
    [{ whenRefused: 'drop' }, 'whenRefused must be one of fail-fast, divert, queue'],
    [{ queue: { maxCalls: 0 } }, 'queue.maxCalls must be an integer from 1 to 1000000, is 0'],
    [{ queue: { onUnknown: 'drop' } }, 'queue.onUnknown must be one of fail, retry'],
    [{ queue: { maxWait: 5 } }, 'queue.maxWait is not an option, did you mean queue.maxWaitMs?'],
    [{ deadLetters: 5 }, 'deadLetters must be an object'],
  ])('R-CB-5 %j: %s', (options, issue) => {
    const error = thrownBy(() => createDegrader(rig().breaker, optionsOf(options)));
    expect(error).toBeInstanceOf(BreakerOptionsError);
    expect(error).toHaveProperty('message', expect.stringContaining(issue));
  });

  test('what is stated as undefined is not stated', async () => {
    const degrader = createDegrader(rig().breaker, optionsOf({ whenRefused: 'queue', queue: { maxCalls: undefined } }));
    expect(await degrader.submit('a')).toBe('a');
  });
});
