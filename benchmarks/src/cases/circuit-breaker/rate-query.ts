/**
 * B-CB-9 `rate-vs-recount`: asking for state and failure rate, against filtering and counting a list of timestamps.
 *
 * The baseline counts once for both answers. Each arm reads the clock once.
 */
import { busbarArm, busbarBreaker } from '../../arms/busbar-breaker.ts';
import { loopedArm, mustBe } from '../../arms/looped-arm.ts';
import { TimestampListState } from '../../baselines/timestamp-list-state.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

/** Nothing grows old while the case runs, so that both keep all calls. */
const WINDOW = { durationMs: 3_600_000, buckets: 10 } as const;
const TRIP = { failureRatio: 0.5, minimumCalls: 20 } as const;
/** Every fourth call failed. */
const FAILED_EVERY = 4;
const FAILURE_RATIO = 1 / FAILED_EVERY;

const SIZES = [
  { calls: 100, bound: 0.6 },
  { calls: 1_000, bound: 0.1 },
  { calls: 10_000, bound: 0.02 },
] as const;

const failedAt = (call: number): boolean => call % FAILED_EVERY === FAILED_EVERY - 1;

/** Statements that look at both answers, whatever they are called on. */
const look = (answers: string): string =>
  `if (${answers}.state !== 'closed') throw new Error('the state must be closed'); last = ${answers}.failureRatio;`;

const ours = (calls: number): Arm =>
  busbarArm({
    name: 'breaker',
    options: 'time window of an hour in 10 buckets',
    operation: look('subject'),
    create: async () => {
      const breaker = await busbarBreaker({ window: WINDOW, trip: { ...TRIP, consecutive: 0 } });
      for (let call = 0; call < calls; call += 1) {
        const permit = breaker.tryAcquire();
        if (permit === 0) throw new Error('the breaker opened while it was filled');
        if (failedAt(call)) breaker.failure(permit);
        else breaker.success(permit);
      }
      return breaker;
    },
    verify: ({ subject, last }) => {
      mustBe('the failure ratio', Number(last), FAILURE_RATIO);
      mustBe('calls in the window', subject.stats().windowCalls, calls);
    },
  });

const recount = (calls: number): Arm =>
  loopedArm({
    name: 'timestamp list',
    role: 'baseline',
    options: 'the same window; one pass to filter, one to count',
    operation: `const answer = subject.query(performance.now()); ${look('answer')}`,
    create: () => {
      const nowMs = performance.now();
      const list = new TimestampListState({ ...WINDOW, ...TRIP, originMs: nowMs });
      for (let call = 0; call < calls; call += 1) list.record(failedAt(call), nowMs);
      return list;
    },
    verify: ({ subject, last }) => {
      mustBe('the failure ratio', Number(last), FAILURE_RATIO);
      mustBe('calls in the window', subject.query(performance.now()).calls, calls);
    },
  });

export const cases: readonly Case[] = SIZES.map(({ calls, bound }) =>
  defineCase({
    id: 'B-CB-9',
    title: `rate-vs-recount: state and rate query ÷ recounting a list of ${String(calls)} timestamps (R-CB-2)`,
    requirements: ['R-CB-2'],
    class: 'memory-sync',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { calls },
    arms: [ours(calls), recount(calls)],
    targets: [{ ours: 'breaker', reference: 'timestamp list', metric: 'time', bound, kind: 'ratio' }],
  }),
);
