/** B-CB-7: what it costs to be refused, against awaiting a function that rejects with an error it made before. */
import type { Breaker } from '@busbar/circuit-breaker';

import { busbarArm, busbarBreaker } from '../../arms/busbar-breaker.ts';
import { bareArm, caught, mustBe, mustHaveCode, REJECTING } from '../../arms/looped-arm.ts';
import { type Case, defineCase } from '../../harness/define-case.ts';
import { cockatielArm, openCockatielBreaker } from '../../peers/cockatiel.ts';
import { opossumArm } from '../../peers/opossum.ts';

const OPEN_FOR_MS = 60_000;

const openBreaker = async (): Promise<Breaker> => {
  const breaker = await busbarBreaker();
  breaker.suggestOpen(OPEN_FOR_MS, 'benchmark');
  return breaker;
};

const refusal = busbarArm({
  name: 'execute',
  options: 'defaults, open; refusals without stack',
  operation: caught('subject.execute(fn)'),
  create: openBreaker,
  verify: ({ subject, operations, last }) => {
    mustBe('stats().rejectedOpen', subject.stats().rejectedOpen, operations);
    mustHaveCode(last, 'BUSBAR_BREAKER_OPEN');
  },
});

const noPermit = busbarArm({
  name: 'tryAcquire',
  options: 'defaults, open',
  operation: `if (subject.tryAcquire() !== 0) throw new Error('admitted');`,
  create: openBreaker,
  verify: ({ subject, operations }) => {
    mustBe('stats().rejectedOpen', subject.stats().rejectedOpen, operations);
  },
});

const opossum = opossumArm({
  name: 'opossum',
  mode: 'lean',
  extra: { resetTimeout: OPEN_FOR_MS },
  extraWords: 'open',
  operation: caught('subject.fire()'),
  prepare: (breaker) => {
    breaker.open();
  },
  verify: ({ subject, operations, last }) => {
    mustBe('stats.rejects', subject.stats.rejects, operations);
    mustHaveCode(last, 'EOPENBREAKER');
  },
});

const cockatiel = cockatielArm({
  name: 'cockatiel',
  options: 'ConsecutiveBreaker(1), open; its errors carry a stack',
  operation: caught('subject.execute(fn)'),
  create: openCockatielBreaker,
  verify: ({ last }) => {
    if (!(last instanceof Error && 'isBrokenCircuitError' in last))
      throw new Error('the last error must be a BrokenCircuitError', { cause: last });
  },
});

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-CB-7',
    title: 'a refusal ÷ awaiting a rejecting async function (R-CB-3)',
    requirements: ['R-CB-1', 'R-CB-3'],
    class: 'memory-async',
    unit: 'ns/op',
    direction: 'smaller',
    arms: [refusal, noPermit, bareArm('rejecting', REJECTING, caught('fn()')), opossum, cockatiel],
    targets: [
      { ours: 'execute', reference: 'rejecting', metric: 'time', bound: 1.5, kind: 'ratio' },
      { ours: 'tryAcquire', reference: 'rejecting', metric: 'time', bound: 0.15, kind: 'ratio' },
    ],
  }),
];
