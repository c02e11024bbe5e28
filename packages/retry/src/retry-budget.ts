// A token bucket over a sliding window, after Finagle's RetryBudget. With
//
//   balance = minPerSecond * window + ratio * deposits in the window - withdrawals in the window
//
// a retry is granted while the balance is at least 1. Limits per call still allow `maxAttempts` times the load when all
// calls fail; one budget for all policies towards one dependency bounds it to 1 + ratio, plus the minimum.
//
// The window is ten slices that rotate when somebody looks: no timer, constant memory, constant time.

import { type Clock, systemClock } from './clock.ts';
import { optionIssues } from './option-issues.ts';

export interface RetryBudgetOptions {
  /** Retries granted per call. Default: 0.2. Range: 0..10. */
  readonly ratio?: number;
  /** Retries granted per second whatever the number of calls, so that a quiet service may retry. Default: 10. Range: 0..10_000. */
  readonly minPerSecond?: number;
  /** How long a call counts. Default: 10_000 ms. Range: 1_000..300_000 ms. */
  readonly windowMs?: number;
  /** Default: the clock of the process. */
  readonly clock?: Clock;
}

export interface RetryBudgetStats {
  readonly deposits: number;
  readonly withdrawals: number;
  /** Retries that were not granted. */
  readonly refused: number;
}

/** A limit on retries that all policies towards one dependency share. */
export interface RetryBudget {
  /** Notes a call; every `execute` does so once. */
  deposit(): void;
  /** Takes the right to one retry; `false` when there is none. */
  tryWithdraw(): boolean;
  /** Retries that would be granted now; may be negative when the window has lost more calls than retries. */
  readonly balance: number;
  stats(): RetryBudgetStats;
}

export const BUDGET_DEFAULTS = Object.freeze({ ratio: 0.2, minPerSecond: 10, windowMs: 10_000 });

const SLICES = 10;

/**
 * Creates a budget; give the same one to every policy towards the same dependency.
 * @throws {@link RetryOptionsError} with every problem.
 */
export const createRetryBudget = (options: RetryBudgetOptions = {}): RetryBudget => {
  const issues = optionIssues();
  issues.keys('', options, [...Object.keys(BUDGET_DEFAULTS), 'clock']);
  const ratio = issues.number('ratio', options.ratio, { min: 0, max: 10, default: BUDGET_DEFAULTS.ratio });
  const minPerSecond = issues.number('minPerSecond', options.minPerSecond, {
    min: 0,
    max: 10_000,
    default: BUDGET_DEFAULTS.minPerSecond,
  });
  const windowMs = issues.number('windowMs', options.windowMs, {
    min: 1_000,
    max: 300_000,
    default: BUDGET_DEFAULTS.windowMs,
  });
  issues.methods('clock', options.clock, ['now']);
  issues.throwIfAny();
  return new SlidingBudget(
    { ratio, floor: (minPerSecond * windowMs) / 1_000, sliceMs: windowMs / SLICES },
    options.clock,
  );
};

interface BudgetRule {
  readonly ratio: number;
  /** What the window grants without any call. */
  readonly floor: number;
  readonly sliceMs: number;
}

interface Slice {
  deposits: number;
  withdrawals: number;
}

const emptySlice = (): Slice => ({ deposits: 0, withdrawals: 0 });

class SlidingBudget implements RetryBudget {
  readonly #rule: BudgetRule;
  readonly #clock: Clock;
  /** Oldest first; the last one is filled now. */
  readonly #slices: Slice[] = Array.from({ length: SLICES }, emptySlice);
  #filling: Slice = emptySlice();
  readonly #inWindow: Slice = emptySlice();
  readonly #total = { deposits: 0, withdrawals: 0, refused: 0 };
  /** Number of the slice that is filled now, counted from the origin of the clock. */
  #epoch: number;

  constructor(rule: BudgetRule, clock: Clock = systemClock) {
    this.#rule = rule;
    this.#clock = clock;
    this.#epoch = this.#epochNow();
    this.#begin(1);
  }

  deposit(): void {
    this.#rotate();
    this.#filling.deposits += 1;
    this.#inWindow.deposits += 1;
    this.#total.deposits += 1;
  }

  tryWithdraw(): boolean {
    this.#rotate();
    if (this.#balanceInWindow() < 1) {
      this.#total.refused += 1;
      return false;
    }
    this.#filling.withdrawals += 1;
    this.#inWindow.withdrawals += 1;
    this.#total.withdrawals += 1;
    return true;
  }

  get balance(): number {
    this.#rotate();
    return this.#balanceInWindow();
  }

  stats(): RetryBudgetStats {
    return { ...this.#total };
  }

  #balanceInWindow(): number {
    const { deposits, withdrawals } = this.#inWindow;
    return this.#rule.floor + this.#rule.ratio * deposits - withdrawals;
  }

  /** Drops the slices that have left the window since somebody looked last. */
  #rotate(): void {
    const epoch = this.#epochNow();
    const steps = Math.min(epoch - this.#epoch, SLICES);
    if (steps <= 0) return;
    this.#epoch = epoch;
    this.#begin(steps);
  }

  #begin(steps: number): void {
    for (const expired of this.#slices.splice(0, steps)) {
      this.#inWindow.deposits -= expired.deposits;
      this.#inWindow.withdrawals -= expired.withdrawals;
    }
    for (let step = 0; step < steps; step += 1) {
      this.#filling = emptySlice();
      this.#slices.push(this.#filling);
    }
  }

  #epochNow(): number {
    return Math.floor(this.#clock.now() / this.#rule.sliceMs);
  }
}
