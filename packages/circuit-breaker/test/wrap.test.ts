import { describe, expect, expectTypeOf, test } from 'vitest';

import { BreakerIsolatedError, BreakerOpenError, BreakerShutDownError } from '../src/index.ts';
import { outcome, rig, thrownBy } from './breaker-on-manual-time.ts';

const boom = new Error('boom');
const throwBoom = (): never => {
  throw boom;
};

describe('executeSync', () => {
  test('R-CB-1 answers at once, and learns from what is thrown', () => {
    const { breaker } = rig();
    expect(breaker.executeSync(() => 42)).toBe(42);
    expect(thrownBy(() => breaker.executeSync(throwBoom))).toBe(boom);
    expect(thrownBy(() => breaker.executeSync(throwBoom))).toBe(boom);
    expect(thrownBy(() => breaker.executeSync(() => 42))).toBeInstanceOf(BreakerOpenError);
    expect(breaker.stats()).toMatchObject({ success: 1, failure: 2, rejectedOpen: 1, inFlight: 0 });
  });

  test('R-CB-1 a probe may be synchronous, and measured', async () => {
    const { breaker, clock, fail } = rig({ latency: 'on', profile: 'production', window: { durationMs: 1_000 } });
    await fail(2);
    await clock.advance(100);
    expect(thrownBy(() => breaker.executeSync(throwBoom))).toBe(boom);
    await clock.advance(200);
    expect(breaker.executeSync(() => 'back')).toBe('back');
    expect(breaker.state).toBe('closed');
    expect(breaker.stats().probeLatencyMs).toMatchObject({ count: 2 });
  });

  test('refuses by throwing', async () => {
    const { breaker } = rig();
    breaker.isolate('by hand');
    expect(thrownBy(() => breaker.executeSync(() => 1))).toBeInstanceOf(BreakerIsolatedError);
    await breaker.close();
    expect(thrownBy(() => breaker.executeSync(() => 1))).toBeInstanceOf(BreakerShutDownError);
  });
});

describe('wrap', () => {
  test('keeps parameters and `this`', async () => {
    const { breaker } = rig();
    const account = {
      balance: 10,
      withdraw: breaker.wrap(async function withdraw(this: { balance: number }, amount: number, note?: string) {
        await Promise.resolve();
        this.balance -= amount;
        return `${note ?? 'left'}: ${this.balance}`;
      }),
    };
    expect(await account.withdraw(3)).toBe('left: 7');
    expect(await account.withdraw(2, 'rest')).toBe('rest: 5');
    expectTypeOf(account.withdraw).parameters.toEqualTypeOf<[amount: number, note?: string | undefined]>();
    expectTypeOf(account.withdraw).returns.toEqualTypeOf<Promise<string>>();
    expect(breaker.stats().success).toBe(2);
  });

  test('a synchronous function becomes one that answers later', async () => {
    const { breaker } = rig();
    const half = breaker.wrap((n: number) => n / 2);
    expectTypeOf(half).toEqualTypeOf<(this: unknown, n: number) => Promise<number>>();
    expect(await half(8)).toBe(4);
    expect(await outcome(breaker.wrap(() => throwBoom())())).toBe(boom);
  });
});
