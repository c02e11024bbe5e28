/**
 * B-CB-2 and B-CB-3: what a breaker adds to a synchronous function whose result is awaited.
 *
 * Bare is `await syncFn()`, since the result of `execute` has to be awaited as well: one turn of the microtask queue is in both.
 */
import { BREAKER_MODES, type BreakerMode, executeArm } from '../../arms/busbar-breaker.ts';
import { bareArm } from '../../arms/looped-arm.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';

const SYNC_FN = '() => 1';
const TIME_RATIO: Readonly<Record<BreakerMode, number>> = { count: 1.4, time: 2, all: 2.8 };
const MAX_BYTES = 16;

const timeCase = (mode: BreakerMode): Case =>
  defineCase({
    id: 'B-CB-2',
    title: `await execute(syncFn) ÷ await syncFn(), ${mode} (R-CB-1)`,
    requirements: ['R-CB-1'],
    class: 'memory-async',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { mode },
    arms: [executeArm(mode, SYNC_FN), bareArm('bare', SYNC_FN)],
    targets: [{ ours: 'execute', reference: 'bare', metric: 'time', bound: TIME_RATIO[mode], kind: 'ratio' }],
  });

const bytesCase = (mode: BreakerMode): Case =>
  defineCase({
    id: 'B-CB-3',
    title: `bytes of await execute(syncFn) over await syncFn(), ${mode} (R-CB-1)`,
    requirements: ['R-CB-1'],
    class: 'memory-async',
    unit: 'B/op',
    direction: 'smaller',
    parameters: { mode, fn: 'sync' },
    arms: [executeArm(mode, SYNC_FN), bareArm('bare', SYNC_FN)],
    targets: [{ ours: 'execute', reference: 'bare', metric: 'bytes', bound: MAX_BYTES, kind: 'difference' }],
  });

export const cases: readonly Case[] = [...BREAKER_MODES.map(timeCase), ...BREAKER_MODES.map(bytesCase)];
