import { expectTypeOf } from 'vitest';

import { type Breaker, createBreaker, type Permit, type TransitionCause, type Verdict } from '../src/index.ts';
import { classifyKafka, classifyPostgres } from '../src/presets/index.ts';

const breaker: Breaker = createBreaker({ name: 'types' });

// The result type is that of the function, synchronous or not.
expectTypeOf(breaker.execute(() => 1)).toEqualTypeOf<Promise<number>>();
expectTypeOf(breaker.execute(async () => 'text')).toEqualTypeOf<Promise<string>>();
expectTypeOf(breaker.execute((signal) => signal?.aborted)).toEqualTypeOf<Promise<boolean | undefined>>();

// With a signal in the options the function gets one.
const { signal } = new AbortController();
expectTypeOf(breaker.execute((given) => given.aborted, { signal })).toEqualTypeOf<Promise<boolean>>();

// A refusal narrows to a permit.
const permit = breaker.tryAcquire();
if (permit !== 0) expectTypeOf(permit).toEqualTypeOf<Permit>();

// A permit cannot be forged.
// @ts-expect-error a number is no permit
breaker.success(1);

/** The port of `@busbar/producer-pool`. */
interface CallGuard {
  execute<T>(fn: (signal: AbortSignal) => Promise<T>, options?: { readonly signal?: AbortSignal }): Promise<T>;
}
expectTypeOf(breaker).toExtend<CallGuard>();

// With a fallback the answer is of either.
expectTypeOf(breaker.execute(() => 1, { fallback: () => 'text' })).toEqualTypeOf<Promise<number | string>>();
expectTypeOf(breaker.execute(async () => 1, { fallback: async () => null })).toEqualTypeOf<Promise<number | null>>();

// Synchronous and generic functions keep their types.
expectTypeOf(breaker.executeSync(() => 1)).toEqualTypeOf<number>();
const first = <T>(values: readonly T[]): Promise<T | undefined> => breaker.execute(() => values[0]);
expectTypeOf(first(['a'])).toEqualTypeOf<Promise<string | undefined>>();

// Every cause can be told apart.
const describeCause = (cause: TransitionCause): string => {
  switch (cause) {
    case 'consecutive':
    case 'failure-rate':
    case 'slow-rate':
    case 'hint':
    case 'open-elapsed':
    case 'probes-succeeded':
    case 'probe-failed':
    case 'probe-timeout':
    case 'manual':
    case 'reset':
    case 'restore':
      return cause;
    default:
      return cause satisfies never;
  }
};
expectTypeOf(describeCause).returns.toBeString();

// Presets are classifiers of a breaker.
createBreaker({ name: 'kafka', classify: classifyKafka });
createBreaker({ name: 'postgres', classify: classifyPostgres });
expectTypeOf(classifyKafka.error).returns.toEqualTypeOf<Verdict>();
