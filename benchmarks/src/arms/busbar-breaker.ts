/** Our breaker as an arm, in the modes that the targets name. */
import type { Breaker, BreakerOptions } from '@busbar/circuit-breaker';

import type { Arm } from '../harness/define-case.ts';
import { type LoopedArm, loopedArm, mustBe } from './looped-arm.ts';

const PACKAGE = '@busbar/circuit-breaker';

/** How often the clock is read in a call: never, at its end, at both ends. */
export type BreakerMode = 'count' | 'time' | 'all';

export const BREAKER_MODES = ['count', 'time', 'all'] as const;

interface ModeOptions {
  readonly words: string;
  readonly options: Omit<BreakerOptions, 'name'>;
}

/** Slow calls are looked for, but none of the protected functions here is as slow as that. */
export const SLOW_TRACKING = { slowMs: 1_000, slowRatio: 0.5 } as const;

/** What differs from the defaults of the profile `production`. */
export const BREAKER_MODE_OPTIONS: Readonly<Record<BreakerMode, ModeOptions>> = {
  count: { words: 'count window of 100 calls', options: { window: { type: 'count' } } },
  time: { words: 'defaults: time window of 10 s in 10 buckets', options: {} },
  all: {
    words: 'time window, slow calls (slowMs 1 000, slowRatio 0.5), latency histogram',
    options: { latency: 'on', trip: SLOW_TRACKING },
  },
};

type BreakerFactory = (options?: Omit<BreakerOptions, 'name'>) => Breaker;

/** Makes breakers on the defaults of the profile `production`, whatever the environment says. */
export const breakerFactory = async (): Promise<BreakerFactory> => {
  const { createBreaker } = await import('@busbar/circuit-breaker');
  return (options) => createBreaker({ name: 'benchmark', profile: 'production', ...options });
};

/** One breaker of {@link breakerFactory}. */
export const busbarBreaker: (...given: Parameters<BreakerFactory>) => Promise<Breaker> = async (options) => {
  const create = await breakerFactory();
  return create(options);
};

type BusbarArm = Omit<LoopedArm<Breaker>, 'role' | 'package' | 'create'> & Partial<Pick<LoopedArm<Breaker>, 'create'>>;

/** An arm around a breaker with the default options, unless `create` makes another. */
export const busbarArm = (arm: BusbarArm): Arm =>
  loopedArm({ create: () => busbarBreaker(), ...arm, role: 'ours', package: PACKAGE });

/** `await breaker.execute(fn)`; every call must have succeeded. */
export const executeArm = (mode: BreakerMode, fn = 'async () => 1'): Arm =>
  busbarArm({
    name: 'execute',
    options: BREAKER_MODE_OPTIONS[mode].words,
    operation: 'last = await subject.execute(fn);',
    fn,
    create: () => busbarBreaker(BREAKER_MODE_OPTIONS[mode].options),
    verify: mustAllSucceed,
  });

/** Throws unless every operation was a call that succeeded. */
export const mustAllSucceed: NonNullable<LoopedArm<Breaker>['verify']> = ({ subject, operations }) => {
  const { success, inFlight, state } = subject.stats();
  mustBe('stats().success', success, operations);
  mustBe('stats().inFlight', inFlight, 0);
  if (state !== 'closed') throw new Error(`the breaker must be closed, is ${state}`);
};
