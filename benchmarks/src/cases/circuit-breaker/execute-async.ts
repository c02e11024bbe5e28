/**
 * B-CB-1 and B-CB-3: what a breaker adds to awaiting an asynchronous function, in time and in bytes.
 *
 * A case for each mode: two modes in one process would share the inline caches inside the breaker.
 */
import { BREAKER_MODES, type BreakerMode, executeArm } from '../../arms/busbar-breaker.ts';
import { bareArm, leastArm } from '../../arms/looped-arm.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';

const TIME_RATIO: Readonly<Record<BreakerMode, number>> = { count: 2.2, time: 2.5, all: 3.4 };
const CLOCK_READS: Readonly<Record<BreakerMode, 0 | 1 | 2>> = { count: 0, time: 1, all: 2 };
const MAX_BYTES = 112;

const timeCase = (mode: BreakerMode): Case =>
  defineCase({
    id: 'B-CB-1',
    title: `await execute(asyncFn) ÷ await asyncFn(), ${mode} (R-CB-1)`,
    requirements: ['R-CB-1'],
    class: 'memory-async',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { mode },
    arms: [executeArm(mode), bareArm('bare'), leastArm(CLOCK_READS[mode])],
    targets: [{ ours: 'execute', reference: 'bare', metric: 'time', bound: TIME_RATIO[mode], kind: 'ratio' }],
  });

const bytesCase = (mode: BreakerMode): Case =>
  defineCase({
    id: 'B-CB-3',
    title: `bytes of await execute(asyncFn) over await asyncFn(), ${mode} (R-CB-1)`,
    requirements: ['R-CB-1'],
    class: 'memory-async',
    unit: 'B/op',
    direction: 'smaller',
    parameters: { mode, fn: 'async' },
    arms: [executeArm(mode), bareArm('bare')],
    targets: [{ ours: 'execute', reference: 'bare', metric: 'bytes', bound: MAX_BYTES, kind: 'difference' }],
  });

export const cases: readonly Case[] = [...BREAKER_MODES.map(timeCase), ...BREAKER_MODES.map(bytesCase)];
