import { expectTypeOf } from 'vitest';

import { type Breaker, createBreaker, type Permit } from '../src/index.ts';

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
