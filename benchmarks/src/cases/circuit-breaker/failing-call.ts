/**
 * B-CB-8: a call that fails while the breaker stays closed, and whether the number of calls in the window matters to it.
 *
 * Every failure is judged (CB4), and none trips: one success stands in a window of an hour, and a ratio of 1 is asked for.
 */
import type { Breaker } from '@busbar/circuit-breaker';

import { busbarArm, busbarBreaker } from '../../arms/busbar-breaker.ts';
import { bareArm, caught, mustBe, REJECTING } from '../../arms/looped-arm.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';
import { cockatielArm, cockatielBreaker, cockatielWindow } from '../../peers/cockatiel.ts';
import { opossumArm, type OpossumMode } from '../../peers/opossum.ts';

const HOUR_MS = 3_600_000;
const FEW = 10;
const MANY = 100_000;
/** Few enough that the window with few calls stays small beside that with many, and enough to be clocked. */
const ITERATIONS = 2_000;
/** A failure of opossum takes 20 ms with many calls in its window. */
const OPOSSUM_ITERATIONS = 20;
/** Calls a second that nobody makes: cockatiel's breaker stays closed. */
const UNREACHED_RPS = 1e9;

/** A closed breaker with that many calls in its window; all but the first have failed. */
const filledBreaker = async (calls: number): Promise<Breaker> => {
  const breaker = await busbarBreaker({
    window: { durationMs: HOUR_MS },
    trip: { consecutive: 0, failureRatio: 1, minimumCalls: FEW },
  });
  breaker.executeSync(() => undefined);
  for (let call = 1; call < calls; call += 1) {
    const permit = breaker.tryAcquire();
    if (permit === 0) throw new Error('the breaker opened while it was filled');
    breaker.failure(permit);
  }
  return breaker;
};

const failingArm = (name: string, calls: number): Arm =>
  busbarArm({
    name,
    options: 'time window of an hour, failureRatio 1',
    operation: caught('subject.execute(fn)'),
    fn: REJECTING,
    create: () => filledBreaker(calls),
    verify: ({ subject, operations }) => {
      const { failure, state } = subject.stats();
      mustBe('stats().failure', failure, operations + calls - 1);
      if (state !== 'closed') throw new Error(`the breaker must be closed, is ${state}`);
    },
  });

interface CockatielFill {
  readonly name: string;
  readonly calls: number;
}

const cockatielFailing = ({ name, calls }: CockatielFill): Arm =>
  cockatielArm({
    name,
    options: 'SamplingBreaker: threshold 0.5, duration 10 000, a minimumRps that is never reached',
    operation: caught('subject.execute(fn)'),
    fn: REJECTING,
    create: async () => {
      const breaker = await cockatielBreaker('time', { minimumRps: UNREACHED_RPS });
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as in the loop that is measured
      for (let call = 0; call < calls; call += 1) await breaker.execute(() => 1);
      return breaker;
    },
    verify: ({ subject, operations }) => {
      mustBe('failures in the window', cockatielWindow(subject).failures, operations);
    },
  });

const opossumFailing = (name: string, mode: OpossumMode, calls: number): Arm =>
  opossumArm({
    name,
    mode,
    extra: { errorThresholdPercentage: 100, rollingCountTimeout: HOUR_MS },
    extraWords: 'errorThresholdPercentage 100, rollingCountTimeout an hour',
    operation: caught('subject.fire()'),
    fn: REJECTING,
    prepare: (breaker) => {
      // As if so many calls had succeeded: these are the events from which it counts.
      for (let call = 0; call < calls; call += 1) {
        breaker.emit('fire', []);
        breaker.emit('success', 1, 0);
      }
    },
    verify: ({ subject, operations }) => {
      mustBe('stats.failures', subject.stats.failures, operations);
      mustBe('stats.successes', subject.stats.successes, calls);
    },
  });

const COMMON = {
  id: 'B-CB-8',
  requirements: ['R-CB-1'],
  class: 'memory-async',
  unit: 'ns/op',
  direction: 'smaller',
} as const;

const failing = defineCase({
  ...COMMON,
  title: 'a failing call while closed ÷ awaiting a rejecting async function (R-CB-1)',
  parameters: { fn: 'rejecting' },
  arms: [
    failingArm('execute', FEW),
    bareArm('rejecting', REJECTING, caught('fn()')),
    cockatielFailing({ name: 'cockatiel', calls: 0 }),
    opossumFailing('opossum, lean', 'lean', 0),
  ],
  targets: [{ ours: 'execute', reference: 'rejecting', metric: 'time', bound: 1.9, kind: 'ratio' }],
});

const filled = defineCase({
  ...COMMON,
  title: 'a failing call with 100 000 calls in the window ÷ with 10 (R-CB-2)',
  requirements: ['R-CB-1', 'R-CB-2'],
  parameters: { few: FEW, many: MANY },
  iterations: ITERATIONS,
  arms: [
    failingArm('100 000 calls', MANY),
    failingArm('10 calls', FEW),
    cockatielFailing({ name: 'cockatiel, 100 000 calls', calls: MANY }),
    cockatielFailing({ name: 'cockatiel, 10 calls', calls: FEW }),
  ],
  targets: [{ ours: '100 000 calls', reference: '10 calls', metric: 'time', bound: 1.5, kind: 'ratio' }],
});

/** No target: shows how opossum's failures grow with its window. */
const opossumFilled = defineCase({
  ...COMMON,
  title: 'a failing call of opossum with 100 000 calls in the window, and with 10 (R-CB-2)',
  requirements: [],
  parameters: { few: FEW, many: MANY, peer: 'opossum' },
  iterations: OPOSSUM_ITERATIONS,
  arms: [
    opossumFailing('opossum, 100 000 calls', 'defaults', MANY),
    opossumFailing('opossum, 10 calls', 'defaults', FEW),
  ],
  targets: [],
});

export const cases: readonly Case[] = [failing, filled, opossumFilled];
