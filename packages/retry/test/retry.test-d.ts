import {
  type Decision,
  nextDelayMs,
  RetriesExhaustedError,
  retry,
  type RetryErrorCode,
  type RetryOptionsError,
  type RetryPolicy,
} from '@busbar/retry';
import { expectTypeOf } from 'vitest';

import type { errorExamples } from './error-examples.ts';

declare const policy: RetryPolicy;
declare const error: unknown;

// The result is that of the function, be it synchronous or not.
expectTypeOf(retry(() => 1)).toEqualTypeOf<Promise<number>>();
expectTypeOf(retry(async () => 'a')).toEqualTypeOf<Promise<string>>();
expectTypeOf(policy.execute(({ number }) => (number > 1 ? 'a' : 1))).toEqualTypeOf<Promise<'a' | 1>>();

// A decision is one of three.
expectTypeOf<Decision>().toEqualTypeOf<'retry' | 'stop' | { readonly retryAfterMs: number }>();
void retry(() => 1, { decide: (_error, { number }) => (number < 3 ? 'retry' : { retryAfterMs: 5 }) });
// @ts-expect-error -- no decision
void retry(() => 1, { decide: () => 'again' });
// @ts-expect-error -- the number of the retry is needed
nextDelayMs({ baseMs: 1, factor: 2, maxMs: 3, jitter: 'none' }, { previousMs: 1 }, Math.random);

// instanceof narrows to the literal code and the typed details; the union is all there is.
if (error instanceof RetriesExhaustedError) {
  expectTypeOf(error.code).toEqualTypeOf<'BUSBAR_RETRY_EXHAUSTED'>();
  expectTypeOf(error.details.reason).toEqualTypeOf<'attempts' | 'deadline' | 'budget'>();
}
expectTypeOf<keyof typeof errorExamples>().toEqualTypeOf<RetryErrorCode>();
expectTypeOf<
  (typeof RetriesExhaustedError | typeof RetryOptionsError)['spec']['code']
>().toEqualTypeOf<RetryErrorCode>();
