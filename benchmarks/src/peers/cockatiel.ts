/** cockatiel's breaker as an arm: as its readme sets it up, with our thresholds where it has them. */
import type { CircuitBreakerPolicy, IBreaker } from 'cockatiel';

import { type LoopedArm, loopedArm, mustBe } from '../arms/looped-arm.ts';
import type { Arm } from '../harness/define-case.ts';

const PACKAGE = 'cockatiel';
const HALF_OPEN_AFTER_MS = 60_000;
const WINDOW_CALLS = 100;
const WINDOW_MS = 10_000;

/** What ours guarantees and this peer does not. */
const CAVEAT =
  'A result of an earlier state still changes the present one; its statistics are only success and failure.';

/** `count`: CountBreaker; `time`: SamplingBreaker. Both look at 100 calls or 10 s, and open above one half of failures. */
export type CockatielMode = 'count' | 'time';

export const COCKATIEL_OPTIONS: Readonly<Record<CockatielMode, string>> = {
  count: 'CountBreaker: threshold 0.5, size 100, minimumNumberOfCalls 20',
  time: 'SamplingBreaker: threshold 0.5, duration 10 000, minimumRps 2',
};

interface CockatielOptions {
  /** Calls a second below which the time window does not open. Default: 2, that is 20 in the window, as ours. */
  readonly minimumRps?: number;
}

/** Makes closed breakers that handle every error. */
export const cockatielFactory = async (
  mode: CockatielMode,
  { minimumRps = 2 }: CockatielOptions = {},
): Promise<() => CircuitBreakerPolicy> => {
  const { circuitBreaker, CountBreaker, handleAll, SamplingBreaker } = await import('cockatiel');
  const window = (): IBreaker =>
    mode === 'count'
      ? new CountBreaker({ threshold: 0.5, size: WINDOW_CALLS, minimumNumberOfCalls: 20 })
      : new SamplingBreaker({ threshold: 0.5, duration: WINDOW_MS, minimumRps });
  return () => circuitBreaker(handleAll, { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: window() });
};

/** One breaker of {@link cockatielFactory}. */
export const cockatielBreaker = async (
  mode: CockatielMode,
  options?: CockatielOptions,
): Promise<CircuitBreakerPolicy> => {
  const create = await cockatielFactory(mode, options);
  return create();
};

/** A breaker that a failure has opened. */
export const openCockatielBreaker = async (): Promise<CircuitBreakerPolicy> => {
  const { circuitBreaker, ConsecutiveBreaker, handleAll } = await import('cockatiel');
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: HALF_OPEN_AFTER_MS,
    breaker: new ConsecutiveBreaker(1),
  });
  await breaker.execute(() => Promise.reject(new Error('opens the breaker'))).catch(() => undefined);
  return breaker;
};

/** What the window of a breaker holds now. */
export const cockatielWindow = (
  breaker: CircuitBreakerPolicy,
): { readonly successes: number; readonly failures: number } => {
  const exported = breaker.toJSON();
  const state = at(exported, 'breakerState');
  return {
    successes: Number(at(state, 'successes') ?? at(state, 'currentSuccesses')),
    failures: Number(at(state, 'failures') ?? at(state, 'currentFailures')),
  };
};

const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

/** An arm around a breaker; it must be in the right state in the end. */
export const cockatielArm = (arm: Omit<LoopedArm<CircuitBreakerPolicy>, 'role' | 'package' | 'caveat'>): Arm =>
  loopedArm({ caveat: CAVEAT, ...arm, role: 'peer', package: PACKAGE });

/** `await breaker.execute(fn)`; every call must have succeeded. */
export const cockatielExecuteArm = (mode: CockatielMode): Arm =>
  cockatielArm({
    name: 'cockatiel',
    options: COCKATIEL_OPTIONS[mode],
    operation: 'last = await subject.execute(fn);',
    create: () => cockatielBreaker(mode),
    verify: ({ subject, operations }) => {
      const { successes, failures } = cockatielWindow(subject);
      mustBe('successes in the window', successes, mode === 'count' ? Math.min(operations, WINDOW_CALLS) : operations);
      mustBe('failures in the window', failures, 0);
    },
  });
