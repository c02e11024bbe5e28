/** B-RT-3: the two pure decisions of a retry, in clock reads: 30 and 100 ns at 40 ns a reading. The budget reads the clock once. */
import type { Backoff, nextDelayMs, RetryBudget } from '@busbar/retry';

import { clockArm, loopedArm, mustBe } from '../../arms/looped-arm.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const DELAY_CLOCK_READS = 0.75;
const WITHDRAWAL_CLOCK_READS = 2.5;

const MAX_MS = 5_000;
/** What a full window grants without any deposit; the visit ends long before anything of it expires. */
const GRANTED = 3_000_000;

interface Delays {
  readonly nextDelayMs: typeof nextDelayMs;
  readonly backoff: Backoff;
}

const delayArm = (): Arm =>
  loopedArm<Delays>({
    name: 'nextDelayMs',
    role: 'ours',
    package: '@busbar/retry',
    options: 'defaults: full jitter, 100 ms × 2 ≤ 5 s, Math.random',
    operation: `last = subject.nextDelayMs(subject.backoff, { retry: 1 + (index & 3), previousMs: 100 }, Math.random);
      if (!(last >= 0 && last <= ${String(MAX_MS)})) throw new Error('out of bounds');`,
    create: async () => {
      const retry = await import('@busbar/retry');
      return { nextDelayMs: retry.nextDelayMs, backoff: retry.resolveBackoff() };
    },
  });

const budgetArm = (): Arm =>
  loopedArm<RetryBudget>({
    name: 'tryWithdraw',
    role: 'ours',
    package: '@busbar/retry',
    options: 'ratio 0.2, minPerSecond 10 000, windowMs 300 000',
    operation: 'last = subject.tryWithdraw();',
    create: async () => {
      const { createRetryBudget } = await import('@busbar/retry');
      return createRetryBudget({ minPerSecond: 10_000, windowMs: 300_000 });
    },
    verify: ({ subject, operations }) => {
      const { withdrawals, refused } = subject.stats();
      mustBe('withdrawals', withdrawals, Math.min(operations, GRANTED));
      mustBe('withdrawals and refusals', withdrawals + refused, operations);
    },
  });

const caseFor = (title: string, arm: Arm, bound: number): Case =>
  defineCase({
    id: 'B-RT-3',
    title,
    requirements: ['R-PR-1'],
    class: 'memory-sync',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { operation: arm.name },
    arms: [arm, clockArm()],
    targets: [{ ours: arm.name, reference: arm.name, metric: 'time', bound, kind: 'absolute', per: 'clock read' }],
  });

export const cases: readonly Case[] = [
  caseFor('nextDelayMs, in clock reads (R-PR-1)', delayArm(), DELAY_CLOCK_READS),
  caseFor('budget.tryWithdraw, in clock reads (R-PR-1)', budgetArm(), WITHDRAWAL_CLOCK_READS),
];
