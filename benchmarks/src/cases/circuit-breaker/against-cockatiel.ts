/** B-CB-4: `execute` against that of cockatiel with the same kind of window. */
import { executeArm } from '../../arms/busbar-breaker.ts';
import { bareArm } from '../../arms/looped-arm.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';
import { cockatielExecuteArm, type CockatielMode } from '../../peers/cockatiel.ts';

const caseFor = (mode: CockatielMode): Case =>
  defineCase({
    id: 'B-CB-4',
    title: `await execute(asyncFn) ÷ the same through cockatiel, ${mode} window (R-CB-1)`,
    requirements: ['R-CB-1'],
    class: 'memory-async',
    unit: 'ns/op',
    direction: 'smaller',
    parameters: { mode },
    arms: [executeArm(mode), cockatielExecuteArm(mode), bareArm('bare')],
    targets: [
      { ours: 'execute', reference: 'cockatiel', metric: 'time', bound: 0.75, kind: 'ratio' },
      {
        ours: 'execute',
        reference: 'cockatiel',
        metric: 'bytes',
        bound: 0.15,
        kind: 'ratio',
        over: 'bare',
        note: 'what a breaker allocates beside the call itself',
      },
    ],
  });

export const cases: readonly Case[] = [caseFor('count'), caseFor('time')];
