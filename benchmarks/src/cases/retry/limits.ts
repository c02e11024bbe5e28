/**
 * B-RT-2: what a signal and a deadline add to a call that succeeds at once.
 *
 * The bounds are 400 and 300 ns at 40 ns a reading of the clock. Beside them stands what Node.js alone takes for it: a
 * listener added and removed, a timer set and cleared.
 */
import { getEventListeners } from 'node:events';

import { retryArm, retrySubject } from '../../arms/busbar-retry.ts';
import { bareArm, clockArm, loopedArm, mustBe } from '../../arms/looped-arm.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const SIGNAL_CLOCK_READS = 10;
const DEADLINE_CLOCK_READS = 7.5;
const DEADLINE_MS = 60_000;

const COMMON = {
  id: 'B-RT-2',
  requirements: ['R-PR-1'],
  class: 'memory-async',
  unit: 'ns/op',
  direction: 'smaller',
} as const;

const plain = (): Arm => retryArm({ name: 'execute', options: 'defaults: no deadline, no signal' });

/** A listener is the least that a call with a signal needs. */
const listenerArm = (): Arm =>
  loopedArm({
    name: 'listener',
    role: 'bare',
    options: 'addEventListener and removeEventListener around await asyncFn()',
    operation: `const listener = () => {}; subject.addEventListener('abort', listener); last = await fn();
      subject.removeEventListener('abort', listener);`,
    create: () => {
      const { signal } = new AbortController();
      signal.addEventListener('abort', () => undefined); // of the call that is under way
      return signal;
    },
    verify: ({ subject }) => {
      mustBe('listeners', getEventListeners(subject, 'abort').length, 1);
    },
  });

const signalCase = defineCase({
  ...COMMON,
  title: 'await policy.execute(asyncFn, { signal }) over the same without, in clock reads (R-PR-1)',
  parameters: { limit: 'signal' },
  arms: [
    retryArm({
      name: 'with signal',
      options: 'defaults, one signal for all calls',
      operation: 'last = await subject.policy.execute(fn, { signal: subject.signal });',
    }),
    plain(),
    listenerArm(),
    bareArm('bare'),
    clockArm(),
  ],
  targets: [
    {
      ours: 'with signal',
      reference: 'execute',
      metric: 'time',
      bound: SIGNAL_CLOCK_READS,
      kind: 'difference',
      per: 'clock read',
    },
  ],
});

/** A timer is the least that a call with a deadline needs. */
const timerArm = (): Arm =>
  loopedArm({
    name: 'timer',
    role: 'bare',
    options: 'setTimeout and clearTimeout around await asyncFn()',
    operation: `const timer = setTimeout(() => {}, ${String(DEADLINE_MS)}); last = await fn(); clearTimeout(timer);`,
    create: () => setTimeout(() => undefined, DEADLINE_MS), // of the call that is under way
    close: (timer) => {
      clearTimeout(timer);
    },
  });

const deadlineCase = defineCase({
  ...COMMON,
  title: 'await policy.execute(asyncFn) with a deadline over the same without, in clock reads (R-PR-1)',
  parameters: { limit: 'deadline' },
  arms: [
    retryArm({
      name: 'with deadline',
      options: 'deadlineMs 60 000',
      create: () => retrySubject({ deadlineMs: DEADLINE_MS }),
    }),
    plain(),
    timerArm(),
    bareArm('bare'),
    clockArm(),
  ],
  targets: [
    {
      ours: 'with deadline',
      reference: 'execute',
      metric: 'time',
      bound: DEADLINE_CLOCK_READS,
      kind: 'difference',
      per: 'clock read',
    },
  ],
});

export const cases: readonly Case[] = [signalCase, deadlineCase];
