import { manualClock } from '@busbar-tooling/test-kit/manual-clock';
import { createRetryBudget } from '@busbar/retry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('deposit' as const) }),
    fc.record({ kind: fc.constant('withdraw' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
  ),
  { maxLength: 60, size: 'max' },
);

describe('retry budget against a recount', () => {
  it('grants a retry exactly when a recount of the window does', () => {
    const options = fc.record({
      ratio: fc.constantFrom(0, 0.2, 1, 3),
      minPerSecond: fc.constantFrom(0, 1, 5),
      windowMs: fc.constantFrom(1_000, 2_000, 10_000),
    });
    fc.assert(
      fc.property(options, steps, ({ ratio, minPerSecond, windowMs }, script) => {
        let nowMs = 0;
        const clock = { now: () => nowMs };
        const budget = createRetryBudget({ ratio, minPerSecond, windowMs, clock });
        const sliceMs = windowMs / 10;
        const events: { readonly kind: 'deposit' | 'withdraw'; readonly slice: number }[] = [];
        const recount = (): number => {
          const oldest = Math.floor(nowMs / sliceMs) - 9; // the slice of now and nine before it
          const inWindow = events.filter((event) => event.slice >= oldest);
          const deposits = inWindow.filter((event) => event.kind === 'deposit').length;
          return (minPerSecond * windowMs) / 1_000 + ratio * deposits - (inWindow.length - deposits);
        };
        const actual: unknown[] = [];
        const expected: unknown[] = [];
        for (const step of script) {
          if (step.kind === 'wait') nowMs += step.ms;
          else {
            const isGranted = step.kind === 'deposit' || recount() >= 1;
            expected.push(isGranted);
            actual.push(step.kind === 'deposit' ? (budget.deposit(), true) : budget.tryWithdraw());
            if (isGranted) events.push({ kind: step.kind, slice: Math.floor(nowMs / sliceMs) });
          }
          expected.push(recount().toFixed(9));
          actual.push(budget.balance.toFixed(9));
        }
        expect(actual).toEqual(expected);
      }),
    );
  });

  it('bounds the retries of failing calls to the share of the calls', () => {
    const clock = manualClock();
    const budget = createRetryBudget({ ratio: 0.2, minPerSecond: 0, clock });
    let retries = 0;
    for (let call = 0; call < 1_000; call += 1) {
      budget.deposit();
      while (budget.tryWithdraw()) retries += 1;
    }
    expect(retries).toBeLessThanOrEqual(200);
    expect(retries).toBeGreaterThanOrEqual(199);
  });
});
