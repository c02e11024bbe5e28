/* oxlint-disable unicorn/no-thenable, typescript/prefer-promise-reject-errors -- functions that behave badly are the subject of this file */
import { runInContext, createContext } from 'node:vm';

import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import { outcome, rig } from './breaker-on-manual-time.ts';

const boom = new Error('boom');
const measured = { latency: 'on' } as const;
const limited = { callTimeoutMs: 30, halfOpen: { probes: 1, leaseMs: 50 } };
const foreignPromise = (): unknown => {
  const promise: unknown = runInContext('Promise.resolve(5)', createContext());
  return promise;
};

describe('whatever the protected function does', () => {
  test.each<[string, () => unknown, unknown]>([
    ['undefined', () => undefined, undefined],
    ['a number', () => 7, 7],
    ['null', () => null, null],
    ['a string', () => 'text', 'text'],
    ['a promise', () => Promise.resolve('later'), 'later'],
    ['a function', () => Math.max, Math.max],
    // oxlint-disable-next-line unicorn/no-thenable -- the subject of this row
    ['a thenable that calls back twice', () => ({ then: (done: (n: number) => void) => (done(1), done(2)) }), 1],
    ['a promise of another realm', foreignPromise, 5],
    [
      'a promise with a `then` of its own that calls back twice',
      () => Object.assign(Promise.resolve(1), { then: (done: (n: number) => void) => (done(8), done(9)) }),
      8,
    ],
    ['an object of a subclass of Promise', () => new (class Mine extends Promise<number> {})((done) => done(3)), 3],
  ])('R-CB-1 %s counts as one success and is passed on', async (_, fn, expected) => {
    for (const { breaker } of [rig(), rig(measured), rig(limited)]) {
      // oxlint-disable-next-line no-await-in-loop -- one way of running a call after the other
      expect(await breaker.execute(fn)).toBe(expected);
      expect(breaker.stats()).toMatchObject({ success: 1, late: 0, extraSettlements: 0, inFlight: 0 });
    }
  });

  test('a plain object is passed on as the same object', async () => {
    const { breaker } = rig();
    const row = { id: 1 };
    expect(await breaker.execute(() => row)).toBe(row);
  });

  test.each<[string, () => unknown]>([
    [
      'a throw',
      () => {
        throw boom;
      },
    ],
    ['a rejection', () => Promise.reject(boom)],
    // oxlint-disable-next-line unicorn/no-thenable -- the subject of this row
    [
      'a `then` that throws',
      () => ({
        then: () => {
          throw boom;
        },
      }),
    ],
    [
      'a `then` getter that throws',
      () =>
        Object.defineProperty({}, 'then', {
          get: () => {
            throw boom;
          },
        }),
    ],
    [
      'a `then` getter of a promise that throws',
      () =>
        Object.defineProperty(Promise.resolve(), 'then', {
          get: () => {
            throw boom;
          },
        }),
    ],
  ])('R-CB-1 %s counts as one failure and passes through as the same error', async (_, fn) => {
    const { breaker } = rig();
    expect(await outcome(breaker.execute(fn))).toBe(boom);
    expect(breaker.stats()).toMatchObject({ failure: 1, extraSettlements: 0, inFlight: 0 });
  });

  test.each([undefined, null, 'text', 0])('what is thrown need be no error: %s passes through', async (thrown) => {
    const { breaker } = rig();
    const caught = await breaker
      .execute(() => Promise.reject(thrown))
      .then(
        () => 'resolved',
        (error: unknown) => [error],
      );
    expect(caught).toEqual([thrown]);
    expect(breaker.stats().failure).toBe(1);
  });

  test('a proxy of a promise fails as it does under await, and counts once', async () => {
    const { breaker } = rig();
    expect(await outcome(breaker.execute(() => new Proxy(Promise.resolve(1), {})))).toBeInstanceOf(TypeError);
    expect(breaker.stats()).toMatchObject({ failure: 1, inFlight: 0 });
  });

  test('a promise that never settles stays in flight and costs nothing else', async () => {
    const { breaker, clock } = rig();
    void breaker.execute(() => new Promise(() => undefined));
    await clock.advance(1_000_000);
    expect(breaker.stats()).toMatchObject({ inFlight: 1, state: 'closed' });
    expect(clock.pending()).toBe(0);
  });

  test('R-CB-1 a rejection that nobody handles surfaces once, as the one of the caller', async () => {
    const { breaker } = rig();
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const unhandled: unknown[] = [];
    process.on('unhandledRejection', (error) => unhandled.push(error));
    const call = breaker.execute(() => Promise.reject(boom));
    await settle();
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
    expect(unhandled).toEqual([boom]);
    expect(await outcome(call)).toBe(boom);
  });
});
