/** B-CB-5: `execute` against opossum's `fire`, with its defaults and with all that it lets one switch off. */
import { busbarArm, busbarBreaker, executeArm, mustAllSucceed } from '../../arms/busbar-breaker.ts';
import { bareArm } from '../../arms/looped-arm.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';
import { opossumFireArm, type OpossumMode } from '../../peers/opossum.ts';

const COMMON = {
  id: 'B-CB-5',
  requirements: ['R-CB-1'],
  class: 'memory-async',
  unit: 'ns/op',
  direction: 'smaller',
} as const;

const caseFor = (mode: OpossumMode, bound: number): Case => {
  const reference = opossumFireArm(mode);
  return defineCase({
    ...COMMON,
    title: `await execute(asyncFn) ÷ await fire(), opossum ${mode} (R-CB-1)`,
    parameters: { opossum: mode },
    arms: [executeArm('time'), reference, bareArm('bare')],
    targets: [{ ours: 'execute', reference: reference.name, metric: 'time', bound, kind: 'ratio' }],
  });
};

/** No target: opossum's defaults do more than ours, and here ours is asked to do as much. */
const sameFeatures = defineCase({
  ...COMMON,
  title: 'await execute(asyncFn) ÷ await fire(), both with time limit and percentiles (R-CB-1)',
  parameters: { opossum: 'defaults', features: 'same' },
  arms: [
    busbarArm({
      name: 'execute',
      options: 'time window, latency histogram, callTimeoutMs 10 000',
      operation: 'last = await subject.execute(fn);',
      create: () => busbarBreaker({ latency: 'on', callTimeoutMs: 10_000 }),
      verify: mustAllSucceed,
    }),
    opossumFireArm('defaults'),
    bareArm('bare'),
  ],
  targets: [],
});

export const cases: readonly Case[] = [caseFor('defaults', 0.15), caseFor('lean', 0.25), sameFeatures];
