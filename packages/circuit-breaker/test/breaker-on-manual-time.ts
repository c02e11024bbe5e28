import { type ManualClock, manualClock } from '@busbar-tooling/test-kit/manual-clock';

import { type Breaker, type BreakerOptions, createBreaker, type TransitionEvent } from '../src/index.ts';

export interface Rig {
  readonly breaker: Breaker;
  readonly clock: ManualClock;
  readonly events: TransitionEvent[];
  /** What listeners, classifiers and clocks threw. */
  readonly reported: unknown[];
  /** `from>to cause` of every transition so far. */
  readonly edges: () => string[];
  /** Lets `count` calls fail. */
  readonly fail: (count: number) => Promise<void>;
  /** Lets `count` calls succeed. */
  readonly succeed: (count: number) => Promise<void>;
}

/** A breaker on a clock that moves only when a test says so, without jitter unless asked for; it trips after two failures. */
export const rig = (options: Partial<BreakerOptions> = {}): Rig => {
  const clock = manualClock();
  const events: TransitionEvent[] = [];
  const reported: unknown[] = [];
  const breaker = createBreaker({
    name: 'dependency',
    trip: { consecutive: 2 },
    open: { baseMs: 100, factor: 2, maxMs: 1_000, jitter: 'none' },
    halfOpen: { probes: 1, leaseMs: 50 },
    clock,
    timers: clock.timers,
    onListenerError: (error) => reported.push(error),
    ...options,
  });
  breaker.onTransition((event) => events.push(event));
  const times = async (count: number, call: () => Promise<unknown>): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- one call after the other is what is asked for
    for (let done = 0; done < count; done += 1) await breaker.execute(call).catch(() => undefined);
  };
  return {
    breaker,
    clock,
    events,
    reported,
    edges: () => events.map(({ from, to, cause }) => `${from}>${to} ${cause}`),
    fail: (count) => times(count, () => Promise.reject(new Error('down'))),
    succeed: (count) => times(count, () => Promise.resolve('fine')),
  };
};

/** What a promise came to, without throwing. */
export const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

/** What a function throws. */
export const thrownBy = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return undefined;
};

/** A breaker that works like `breaker`, and is not one of ours: what is not in the interface is not there. */
export const foreignBreaker = (breaker: Breaker): Breaker =>
  new Proxy(breaker, {
    has: () => false,
    get: (target, key): unknown => {
      const member: unknown = Reflect.get(target, key);
      return typeof member === 'function'
        ? (...args: unknown[]): unknown => Reflect.apply(member, target, args)
        : member;
    },
  });
