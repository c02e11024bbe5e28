/**
 * B-CB-6: what a permit adds to a caller that is asynchronous anyway, and what counting overdue calls adds to slow tracking.
 *
 * Bounds are in clock reads of the same run: the time window reads the clock once, slow calls and histogram twice (BM-1).
 */
import {
  BREAKER_MODE_OPTIONS,
  BREAKER_MODES,
  type BreakerMode,
  busbarArm,
  busbarBreaker,
  mustAllSucceed,
  SLOW_TRACKING,
} from '../../arms/busbar-breaker.ts';
import { bareArm, clockArm } from '../../arms/looped-arm.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';

const CLOCK_READS: Readonly<Record<BreakerMode, number>> = { count: 0.25, time: 1.1, all: 2.25 };
/** 15 ns, at 40 ns a reading. */
const OVERDUE_CLOCK_READS = 0.375;

const COMMON = {
  id: 'B-CB-6',
  class: 'memory-async',
  unit: 'ns/op',
  direction: 'smaller',
} as const;

const ACQUIRE = `const permit = subject.tryAcquire(); if (permit === 0) throw new Error('refused');`;
const CALL = 'last = await fn();';

const permitArm = (mode: BreakerMode): Arm =>
  busbarArm({
    name: 'permit',
    options: BREAKER_MODE_OPTIONS[mode].words,
    operation:
      mode === 'all'
        ? `${ACQUIRE} const startedAtMs = subject.now(); ${CALL} subject.success(permit, startedAtMs);`
        : `${ACQUIRE} ${CALL} subject.success(permit);`,
    create: () => busbarBreaker(BREAKER_MODE_OPTIONS[mode].options),
    verify: mustAllSucceed,
  });

const permitCase = (mode: BreakerMode): Case =>
  defineCase({
    ...COMMON,
    title: `tryAcquire and success around await asyncFn(), over the call alone, in clock reads, ${mode} (R-CB-1)`,
    requirements: mode === 'all' ? ['R-CB-1', 'R-CB-6'] : ['R-CB-1'],
    parameters: { mode },
    arms: [permitArm(mode), bareArm('bare'), clockArm()],
    targets: [
      {
        ours: 'permit',
        reference: 'bare',
        metric: 'time',
        bound: CLOCK_READS[mode],
        kind: 'difference',
        per: 'clock read',
      },
    ],
  });

const trackingArm = (name: string, countOverdue: boolean): Arm =>
  busbarArm({
    name,
    options: `time window, slowMs 1 000, slowRatio 0.5, countOverdue ${String(countOverdue)}`,
    operation: 'last = await subject.execute(fn);',
    create: () => busbarBreaker({ trip: { ...SLOW_TRACKING, countOverdue } }),
    verify: mustAllSucceed,
  });

const overdueCase = defineCase({
  ...COMMON,
  title: 'await execute(asyncFn) with overdue calls counted, over slow tracking alone, in clock reads (R-CB-1)',
  requirements: ['R-CB-1'],
  parameters: { mode: 'overdue' },
  arms: [trackingArm('overdue', true), trackingArm('slow', false), clockArm()],
  targets: [
    {
      ours: 'overdue',
      reference: 'slow',
      metric: 'time',
      bound: OVERDUE_CLOCK_READS,
      kind: 'difference',
      per: 'clock read',
      note: '+15 ns, at 40 ns a reading',
    },
  ],
});

export const cases: readonly Case[] = [...BREAKER_MODES.map(permitCase), overdueCase];
