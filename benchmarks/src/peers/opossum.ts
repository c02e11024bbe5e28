/** opossum's breaker as an arm: with its defaults, and with everything switched off that its readme lets one switch off. */
import type CircuitBreaker from 'opossum';

import { type LoopedArm, loopedArm, mustBe } from '../arms/looped-arm.ts';
import { ownFunction } from '../arms/own-loop.ts';
import type { Arm } from '../harness/define-case.ts';

const PACKAGE = 'opossum';

type OpossumBreaker = CircuitBreaker<[], number>;

/** What ours guarantees and this peer does not. */
const CAVEAT =
  'A result of an earlier state still changes the present one; a hung probe without timeout sticks; the latency of every call is kept.';

/** `defaults`: 10 s time limit, percentiles, snapshots. `lean`: none of these. Both: time window of 10 s in 10 buckets, 50 %. */
export type OpossumMode = 'defaults' | 'lean';

export const OPOSSUM_OPTIONS: Readonly<Record<OpossumMode, string>> = {
  defaults: 'defaults: timeout 10 000, percentiles, snapshots',
  lean: 'timeout false, rollingPercentilesEnabled false, enableSnapshots false',
};

const LEAN: CircuitBreaker.Options<[]> = {
  timeout: false,
  rollingPercentilesEnabled: false,
  enableSnapshots: false,
};

interface OpossumOptions {
  readonly action: () => Promise<number>;
  readonly mode: OpossumMode;
  /** Beyond those of the mode. */
  readonly extra?: CircuitBreaker.Options<[]> | undefined;
}

/** Makes closed breakers. The action belongs to them, unlike ours, which are given one with each call. */
export const opossumFactory = async ({ action, mode, extra }: OpossumOptions): Promise<() => OpossumBreaker> => {
  const { default: Opossum } = await import('opossum');
  return () => new Opossum<[], number>(action, { ...(mode === 'lean' && LEAN), ...extra });
};

interface OpossumArm extends Omit<LoopedArm<OpossumBreaker>, 'role' | 'package' | 'caveat' | 'options' | 'create'> {
  readonly mode: OpossumMode;
  /** Beyond those of the mode; said in `extraWords`. */
  readonly extra?: CircuitBreaker.Options<[]>;
  readonly extraWords?: string;
  /** Makes the breaker ready, before anything is measured. */
  readonly prepare?: (breaker: OpossumBreaker) => void;
}

/** An arm around a breaker of its own action. Its intervals end with the visit. */
export const opossumArm = ({ mode, extra, extraWords, prepare, ...arm }: OpossumArm): Arm => {
  const action = ownFunction<() => Promise<number>>(arm.fn ?? 'async () => 1');
  return loopedArm({
    ...arm,
    role: 'peer',
    package: PACKAGE,
    caveat: CAVEAT,
    options: [OPOSSUM_OPTIONS[mode], ...(extraWords === undefined ? [] : [extraWords])].join('; '),
    create: async () => {
      const create = await opossumFactory({ action, mode, extra });
      const breaker = create();
      prepare?.(breaker);
      return breaker;
    },
    close: (breaker) => {
      breaker.shutdown();
    },
  });
};

/** `await breaker.fire()`; every call must have succeeded. */
export const opossumFireArm = (mode: OpossumMode): Arm =>
  opossumArm({
    name: mode === 'lean' ? 'opossum, lean' : 'opossum',
    mode,
    operation: 'last = await subject.fire();',
    verify: ({ subject, operations }) => {
      mustBe('stats.successes', subject.stats.successes, operations);
      mustBe('stats.failures', subject.stats.failures, 0);
    },
  });
