import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { manualClock, settle } from '@busbar-tooling/test-kit/manual-clock';
import { AbortedError, isBusbarError, serializeError, TimeoutError } from '@busbar/errors';
import { createRetryBudget, createRetryPolicy, retry, RetryOptionsError, type RetryOptions } from '@busbar/retry';
import { describe, expect, it } from 'vitest';

import { errorExamples } from './error-examples.ts';

const refused = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const never = (): Promise<never> => new Promise(() => {});

const setup = (options: RetryOptions = {}) => {
  const clock = manualClock();
  const policy = createRetryPolicy({
    clock,
    timers: clock.timers,
    backoff: { jitter: 'none' },
    ...options,
  });
  return { clock, policy };
};

const swallow = async (promise: Promise<unknown>): Promise<void> => {
  await expect(promise).rejects.toBeDefined();
};

describe('stats of a policy', () => {
  it('R-OB-1 every call ends in exactly one counter', async () => {
    const budget = createRetryBudget({ ratio: 0, minPerSecond: 0.2, windowMs: 10_000, clock: manualClock() });
    const { clock, policy } = setup({ budget, maxAttempts: 2, deadlineMs: 10_000 });
    const controller = new AbortController();
    await policy.execute(() => 1);
    const outcomes = [
      policy.execute(({ number }) => (number === 1 ? Promise.reject(refused()) : number)),
      swallow(policy.execute(() => Promise.reject(new Error('no')))),
      swallow(policy.execute(() => Promise.reject(refused()))),
      swallow(policy.execute(() => Promise.reject(refused()), { deadlineMs: 50 })),
      swallow(policy.execute(never, { signal: controller.signal })),
    ];
    await settle();
    expect(policy.stats()).toMatchObject({ calls: 6, sleeping: 2, attempts: 6, retries: 0, budgetBalance: 0 });
    controller.abort();
    await clock.advance(100);
    await Promise.all(outcomes);
    await swallow(policy.execute(() => Promise.reject(refused())));
    expect(policy.stats()).toEqual({
      calls: 7,
      succeeded: 2,
      succeededFirst: 1,
      attempts: 9,
      retries: 2,
      stopped: 1,
      exhaustedAttempts: 1,
      exhaustedDeadline: 1,
      exhaustedBudget: 1,
      aborted: 1,
      attemptTimeouts: 0,
      late: 0,
      sleeping: 0,
      sleptMs: 200,
      budgetBalance: 0,
    });
  });

  it('counts timeouts and late results', async () => {
    const { clock, policy } = setup({ attemptTimeoutMs: 50 });
    const late = Promise.withResolvers<number>();
    const call = swallow(policy.execute(() => late.promise));
    await clock.advance(50);
    await call;
    late.resolve(1);
    await settle();
    expect(policy.stats()).toMatchObject({ attemptTimeouts: 1, late: 1, stopped: 1, succeeded: 0 });
    expect(policy.stats()).not.toHaveProperty('budgetBalance');
  });

  it('deposits one call and withdraws each retry', async () => {
    const budget = createRetryBudget({ clock: manualClock() });
    const { clock, policy } = setup({ budget, maxAttempts: 3 });
    const call = swallow(policy.execute(() => Promise.reject(refused())));
    await clock.advance(1_000);
    await call;
    expect(budget.stats()).toEqual({ deposits: 1, withdrawals: 2, refused: 0 });
  });

  it('stops with the reason when the budget grants no retry', async () => {
    const { policy } = setup({ budget: createRetryBudget({ ratio: 0, minPerSecond: 0 }) });
    await expect(policy.execute(() => Promise.reject(refused()))).rejects.toMatchObject({
      code: 'BUSBAR_RETRY_EXHAUSTED',
      details: { reason: 'budget', attempts: 1, lastCode: 'ECONNREFUSED' },
    });
  });
});

describe('closing a policy', () => {
  it('rejects sleeping, running and later calls, and leaves no timer', async () => {
    const { clock, policy } = setup({ name: 'orders', deadlineMs: 1_000 });
    let signal: AbortSignal | undefined;
    const sleeping = policy.execute(() => Promise.reject(refused()));
    const running = policy.execute((attempt) => {
      ({ signal } = attempt);
      return never();
    });
    await settle();
    policy.close();
    policy.close();
    await expect(sleeping).rejects.toMatchObject({ code: 'BUSBAR_ABORTED', details: { reason: 'closed' } });
    await expect(running).rejects.toMatchObject({
      outcome: 'unknown',
      message: 'retry "orders" was ended because its owner was closed',
    });
    await expect(policy.execute(() => 1)).rejects.toMatchObject({ outcome: 'not-sent', details: { reason: 'closed' } });
    expect(signal?.reason).toBeInstanceOf(AbortedError);
    expect(clock.pending()).toBe(0);
    expect(policy.stats()).toMatchObject({ calls: 3, aborted: 3, sleeping: 0 });
  });

  it('happens at the end of a using block', async () => {
    const { policy } = setup();
    {
      using disposed = policy;
      await disposed.execute(() => 1);
    }
    await expect(policy.execute(() => 1)).rejects.toBeInstanceOf(AbortedError);
  });
});

describe('options of a policy', () => {
  it('R-STD-3 names every invalid option at once', () => {
    const invalid = {
      name: 'No Good',
      maxAttempts: 1.5,
      deadlineMs: 10,
      attemptTimeoutMs: 20,
      backoff: { baseMs: 0 },
      decide: 1,
      retryUnknown: 'yes',
      random: 0.5,
      budget: {},
      clock: {},
      timers: { set: () => {} },
      exhausted: 'never',
      retries: 3,
    };
    const create = (): unknown => Reflect.apply(createRetryPolicy, undefined, [invalid]);
    expect(create).toThrow(RetryOptionsError);
    expect(create).toThrow(
      expect.objectContaining({
        outcome: 'not-sent',
        details: {
          issues: [
            { path: 'retries', problem: 'is not an option' },
            { path: 'attemptTimeoutMs', problem: 'must not be greater than deadlineMs, which is 10' },
            { path: 'decide', problem: 'must be a function' },
            { path: 'retryUnknown', problem: 'must be a boolean' },
            { path: 'random', problem: 'must be a function' },
            { path: 'budget', problem: 'has no method deposit, tryWithdraw' },
            { path: 'clock', problem: 'has no method now' },
            { path: 'timers', problem: 'has no method clear' },
            { path: 'name', problem: 'must match ^[a-z0-9][a-z0-9._-]{0,62}$' },
            { path: 'maxAttempts', problem: 'must be an integer 1..1000' },
            { path: 'backoff.baseMs', problem: 'must be 1..2147483647' },
            { path: 'exhausted', problem: 'must be one of wrap, last' },
          ],
        },
      }),
    );
  });

  it('R-STD-4 invalid options of a call are a rejection of the family, not a throw', async () => {
    const { policy } = setup();
    await expect(policy.execute(() => 1, { deadlineMs: 0 })).rejects.toBeInstanceOf(RetryOptionsError);
    const rejected = retry(() => 1, { maxAttempts: 0 });
    await expect(rejected).rejects.toSatisfy(isBusbarError);
  });

  it('the smaller deadline of policy and call wins', async () => {
    const { clock, policy } = setup({ deadlineMs: 1_000 });
    const shorter = swallow(policy.execute(never, { deadlineMs: 10 }));
    const longer = swallow(policy.execute(never, { deadlineMs: 5_000 }));
    await clock.advance(10);
    await shorter;
    await clock.advance(990);
    await longer;
    expect(clock.pending()).toBe(0);
  });
});

const policyOptions = (first: [string | symbol, unknown] | undefined): unknown =>
  typeof first?.[1] === 'object' && first[1] !== null ? Reflect.get(first[1], 'options') : undefined;

describe('channels of a policy', () => {
  it('R-OB-1 tell creation, retries, giving up and closing, and nothing on success', async () => {
    const seen: [string | symbol, unknown][] = [];
    const listener = (message: unknown, name: string | symbol): void => {
      seen.push([name, message]);
    };
    const names = ['created', 'closed', 'attempt', 'exhausted'].map((event) => `busbar:retry:${event}`);
    for (const name of names) subscribe(name, listener);
    try {
      const { clock, policy } = setup({ name: 'orders', maxAttempts: 2 });
      await policy.execute(() => 1);
      const known = swallow(
        policy.execute(() => Promise.reject(new TimeoutError({ what: 'x', limitMs: 1 }, { outcome: 'rejected' }))),
      );
      await clock.advance(100);
      await known;
      const unknown = swallow(
        retry(() => Promise.reject(new Error('no code')), {
          maxAttempts: 2,
          decide: () => 'retry',
          clock,
          timers: clock.timers,
          random: () => 0,
        }),
      );
      await clock.advance(100);
      await unknown;
      policy.close();
      expect(policyOptions(seen[0])).toMatchObject({
        name: 'orders',
        maxAttempts: 2,
        deadlineMs: Number.POSITIVE_INFINITY,
      });
      expect(seen).toEqual([
        ['busbar:retry:created', { name: 'orders', options: policyOptions(seen[0]), instance: policy }],
        [
          'busbar:retry:attempt',
          { name: 'orders', attempt: 2, delayMs: 100, elapsedMs: 0, code: 'BUSBAR_TIMEOUT', outcome: 'rejected' },
        ],
        [
          'busbar:retry:exhausted',
          { name: 'orders', reason: 'attempts', attempts: 2, elapsedMs: 100, code: 'BUSBAR_TIMEOUT' },
        ],
        ['busbar:retry:attempt', { name: 'retry', attempt: 2, delayMs: 0, elapsedMs: 0 }],
        ['busbar:retry:exhausted', { name: 'retry', reason: 'attempts', attempts: 2, elapsedMs: 0 }],
        ['busbar:retry:closed', { name: 'orders' }],
      ]);
    } finally {
      for (const name of names) unsubscribe(name, listener);
    }
  });
});

describe('errors of the package', () => {
  it('R-STD-4 every example is a family member that survives its serialised form', () => {
    for (const [code, example] of Object.entries(errorExamples)) {
      expect(example).toMatchObject({ code });
      expect(serializeError(example)).toEqual(JSON.parse(JSON.stringify(example)));
    }
  });
});
