/** B-CB-10: what breakers cost that nobody calls, in memory and in timers. */
import { createHook } from 'node:async_hooks';

import { BREAKER_MODE_OPTIONS, breakerFactory } from '../../arms/busbar-breaker.ts';
import { type Arm, type Case, defineCase, type Visit } from '../../harness/define-case.ts';
import { collectGarbage, retainedBytes } from '../../harness/heap.ts';
import { COCKATIEL_OPTIONS, cockatielFactory } from '../../peers/cockatiel.ts';
import { OPOSSUM_OPTIONS, opossumFactory } from '../../peers/opossum.ts';

const INSTANCES = 10_000;
const MAX_BYTES = 1_000;
const MAX_BYTES_WITH_HISTOGRAM = 2_200;
/** One for all instances of opossum, which it never calls here. */
const ACTION = (): Promise<number> => Promise.resolve(1);

interface IdleArm<T> extends Pick<Arm, 'name' | 'role' | 'package' | 'options' | 'caveat'> {
  /** Loads the package; what it answers makes one instance. */
  readonly load: () => Promise<() => T>;
  /** Ends what would outlive the instance. */
  readonly end?: (instance: T) => void;
}

/** What is measured of the instances that a visit keeps. */
interface Gauge {
  readonly measure: () => number | Promise<number>;
  readonly close: () => void;
}

/** Bytes that each instance keeps: the growth of all, divided. */
const bytesGauge = async (): Promise<Gauge> => {
  const before = await retainedBytes();
  return { measure: async () => ((await retainedBytes()) - before) / INSTANCES, close: () => undefined };
};

/** Timers that exist, those included that would let the process end: Node.js lists the others alone among its resources. */
const timerGauge = (): Gauge => {
  const live = new Set<number>();
  const hook = createHook({
    init: (id, type) => {
      if (type === 'Timeout') live.add(id);
    },
    destroy: (id) => {
      live.delete(id);
    },
  }).enable();
  return { measure: () => live.size, close: () => hook.disable() };
};

const idleArm = <T>({ load, end, ...arm }: IdleArm<T>, gaugeFor: () => Gauge | Promise<Gauge>): Arm => ({
  ...arm,
  setup: async (): Promise<Visit> => {
    const create = await load();
    // A generation before: what the first ones load, compile and cache, and what the heap itself grows by, is none of theirs.
    for (const instance of Array.from({ length: INSTANCES }, create)) end?.(instance);
    await collectGarbage();
    const kept: (T | undefined)[] = Array.from({ length: INSTANCES }, () => undefined);
    const gauge = await gaugeFor();
    return {
      run: (iterations) => {
        for (let index = 0; index < iterations; index += 1) kept[index] = create();
      },
      measure: gauge.measure,
      verify: () => {
        if (kept.includes(undefined)) throw new Error(`there must be ${String(INSTANCES)} instances`);
      },
      close: () => {
        gauge.close();
        for (const instance of kept) if (instance !== undefined) end?.(instance);
        kept.length = 0;
        return Promise.resolve();
      },
    };
  },
});

const armsFor = (gaugeFor: () => Gauge | Promise<Gauge>): readonly Arm[] => [
  idleArm(
    {
      name: 'breaker',
      role: 'ours',
      package: '@busbar/circuit-breaker',
      options: BREAKER_MODE_OPTIONS.time.words,
      load: breakerFactory,
    },
    gaugeFor,
  ),
  idleArm(
    {
      name: 'with histogram',
      role: 'ours',
      package: '@busbar/circuit-breaker',
      options: 'defaults and latency on',
      load: async () => {
        const create = await breakerFactory();
        return () => create({ latency: 'on' });
      },
    },
    gaugeFor,
  ),
  idleArm(
    {
      name: 'cockatiel',
      role: 'peer',
      package: 'cockatiel',
      options: COCKATIEL_OPTIONS.time,
      caveat: 'No latencies, no statistics beside the window.',
      load: () => cockatielFactory('time'),
    },
    gaugeFor,
  ),
  idleArm(
    {
      name: 'opossum',
      role: 'peer',
      package: 'opossum',
      options: OPOSSUM_OPTIONS.defaults,
      caveat: 'Its intervals do not keep the process alive, but they wake it.',
      load: () => opossumFactory({ action: ACTION, mode: 'defaults' }),
      end: (breaker) => {
        breaker.shutdown();
      },
    },
    gaugeFor,
  ),
];

const COMMON = {
  id: 'B-CB-10',
  class: 'process',
  direction: 'smaller',
  parameters: { instances: INSTANCES },
  iterations: INSTANCES,
} as const;

export const cases: readonly Case[] = [
  defineCase({
    ...COMMON,
    title: 'bytes that an idle breaker keeps, on the heap and outside it (R-CB-6)',
    requirements: ['R-CB-6'],
    unit: 'B',
    arms: armsFor(bytesGauge),
    targets: [
      { ours: 'breaker', reference: 'breaker', metric: 'bytes', bound: MAX_BYTES, kind: 'absolute' },
      {
        ours: 'with histogram',
        reference: 'with histogram',
        metric: 'bytes',
        bound: MAX_BYTES_WITH_HISTOGRAM,
        kind: 'absolute',
      },
    ],
  }),
  defineCase({
    ...COMMON,
    title: 'timers of 10 000 idle breakers (R-CB-1)',
    requirements: ['R-CB-1'],
    unit: 'count',
    arms: armsFor(timerGauge),
    targets: [
      { ours: 'breaker', reference: 'breaker', metric: 'count', bound: 0, kind: 'absolute' },
      { ours: 'with histogram', reference: 'with histogram', metric: 'count', bound: 0, kind: 'absolute' },
    ],
  }),
];
