import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { createRetryBudget } from '@busbar/retry';
import { describe, expect, it } from 'vitest';

describe('retry budget', () => {
  it('grants the minimum without any call, and a share of the calls on top', () => {
    const clock = manualClock();
    const budget = createRetryBudget({ ratio: 0.5, minPerSecond: 1, windowMs: 2_000, clock });
    expect(budget.balance).toBe(2);
    for (let call = 0; call < 4; call += 1) budget.deposit();
    expect(budget.balance).toBe(4);
    expect([1, 2, 3, 4, 5].map(() => budget.tryWithdraw())).toEqual([true, true, true, true, false]);
    expect(budget.stats()).toEqual({ deposits: 4, withdrawals: 4, refused: 1 });
  });

  it('forgets calls and retries when they leave the window', async () => {
    const clock = manualClock();
    const budget = createRetryBudget({ ratio: 0.5, minPerSecond: 1, windowMs: 2_000, clock });
    for (let call = 0; call < 4; call += 1) budget.deposit();
    await clock.advance(1_000);
    expect(budget.tryWithdraw()).toBe(true);
    expect(budget.balance).toBe(3);
    await clock.advance(1_000); // the calls are gone, the retry is not
    expect(budget.balance).toBe(1);
    await clock.advance(60_000); // longer than the window
    expect(budget.balance).toBe(2);
  });

  it('grants nothing at all with both shares at zero', () => {
    const budget = createRetryBudget({ ratio: 0, minPerSecond: 0 });
    budget.deposit();
    expect(budget.tryWithdraw()).toBe(false);
  });

  it('R-STD-3 names every invalid option of a budget at once, and has the documented defaults', () => {
    expect(createRetryBudget().balance).toBe(100); // 10 per second over 10 s
    const invalid = { ratio: -1, minPerSecond: 20_000, windowMs: 10, clock: {}, tokens: 3 };
    const create = (): unknown => Reflect.apply(createRetryBudget, undefined, [invalid]);
    expect(create).toThrow(
      'invalid retry options: tokens: is not an option; ratio: must be 0..10; minPerSecond: must be 0..10000; ' +
        'windowMs: must be 1000..300000; clock: has no method now',
    );
  });
});
