/**
 * B-KP-6: a decision how many producers are needed, from running totals against recomputing all samples of a minute (R-KP-2).
 *
 * An operation is a whole window: its calls are counted or kept, and then it is decided. What counting costs is in the figure of
 * both, so that the cheap decision of ours does not hide it.
 */
import { loopedArm } from '../../arms/looped-arm.ts';
import { POLICY, SPAN_WINDOWS, TotalsScaler, WINDOW_MS } from '../../arms/scaling-load.ts';
import { FullRescanScaler } from '../../baselines/full-rescan-scaler.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const LANES = 6;
const BROKERS = 3;
const SLOTS = 1;
const CALL_MS = 5;
const WAIT_MS = 2;
const CALLS = [100, 500] as const;

interface Subject {
  nowMs: number;
  /** One call that begins and ends. */
  readonly call: (index: number, nowMs: number) => void;
  /** What share of the slots was busy, and how many producers there are to be. */
  readonly decide: (nowMs: number) => string;
}

/** The calls of a window one after the other, and the decision at its end. */
const operationOf = (calls: number): string => `
  const from = subject.nowMs;
  for (let call = 0; call < ${calls}; call += 1) subject.call(call, from + call * ${WINDOW_MS / calls});
  subject.nowMs = from + ${WINDOW_MS};
  last = subject.decide(subject.nowMs);`;

const expected = (calls: number): string => `${(calls * CALL_MS) / (WINDOW_MS * SLOTS * BROKERS)} of 1`;

const scalerArm = (
  arm: Pick<Arm, 'name' | 'role' | 'package' | 'options'>,
  calls: number,
  create: () => Subject,
): Arm =>
  loopedArm<Subject>({
    ...arm,
    operation: operationOf(calls),
    create: () => {
      const subject = create();
      // A minute before, so that the samples of it are all there.
      for (let window = 0; window < SPAN_WINDOWS; window += 1) {
        for (let call = 0; call < calls; call += 1) subject.call(call, subject.nowMs + (call * WINDOW_MS) / calls);
        subject.nowMs += WINDOW_MS;
        subject.decide(subject.nowMs);
      }
      return subject;
    },
    verify: ({ last }) => {
      if (last !== expected(calls)) throw new Error(`it must be decided ${expected(calls)}, is ${String(last)}`);
    },
  });

const totals = (): Subject => {
  const scaler = new TotalsScaler({ policy: POLICY, slotsPerProducer: SLOTS, lanes: LANES }, 0);
  return {
    nowMs: 0,
    call: (index, nowMs) => {
      scaler.started({ lane: index % LANES, broker: index % BROKERS, waitMs: WAIT_MS, nowMs });
      scaler.ended({ durationMs: CALL_MS, nowMs: nowMs + CALL_MS });
    },
    decide: (nowMs) => {
      const { utilizationRatio, decision } = scaler.decide(nowMs);
      return `${utilizationRatio} of ${decision.to}`;
    },
  };
};

const rescan = (): Subject => {
  const options = { policy: POLICY, windowMs: WINDOW_MS, windows: SPAN_WINDOWS, slotsPerProducer: SLOTS };
  const scaler = new FullRescanScaler(options, 0);
  return {
    nowMs: 0,
    call: (index, nowMs) => {
      const [lane, broker, endedAtMs] = [index % LANES, index % BROKERS, nowMs + CALL_MS];
      scaler.started({ startedAtMs: nowMs, endedAtMs, waitMs: WAIT_MS, lane, broker });
    },
    decide: () => {
      const { utilizationRatio, decision } = scaler.decide();
      return `${utilizationRatio} of ${decision.to}`;
    },
  };
};

export const cases: readonly Case[] = CALLS.map((calls) =>
  defineCase({
    id: 'B-KP-6',
    title: `a scaling decision ÷ recomputing over all samples of 60 s, ${calls} calls a second (R-KP-2)`,
    requirements: ['R-KP-2'],
    class: 'memory-sync',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { callsPerSecond: calls },
    arms: [
      scalerArm(
        {
          name: 'running totals',
          role: 'ours',
          package: '@busbar/producer-pool',
          options: 'a histogram of waits, cleared each window',
        },
        calls,
        totals,
      ),
      scalerArm(
        { name: 'full rescan', role: 'baseline', options: 'all calls of 60 s, exact percentiles' },
        calls,
        rescan,
      ),
    ],
    targets: [
      { ours: 'running totals', reference: 'full rescan', metric: 'time', bound: 0.5, kind: 'ratio', note: 'aim 0.05' },
    ],
  }),
);
