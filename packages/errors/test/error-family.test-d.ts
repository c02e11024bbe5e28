import {
  type AbortedError,
  type brandError,
  type BusbarError,
  type BusbarErrorClass,
  type ErrorOutcome,
  findError,
  hasCode,
  isBusbarError,
  type SerializedError,
  type SharedErrorCode,
  TimeoutError,
} from '@busbar/errors';
import { expectTypeOf } from 'vitest';

import type { errorExamples } from './error-examples.ts';
import { type BreakerBusyError, BreakerOpenError, CallRejectedError, refusal, type Refusal } from './sample-family.ts';

type Open = InstanceType<typeof BreakerOpenError>;
type Busy = InstanceType<typeof BreakerBusyError>;

declare const error: unknown;
declare const either: Open | Busy | TimeoutError;

// instanceof narrows to the literal code and the typed details.
if (error instanceof BreakerOpenError) {
  expectTypeOf(error.code).toEqualTypeOf<'BUSBAR_SAMPLE_OPEN'>();
  expectTypeOf(error.details).toEqualTypeOf<Readonly<Refusal>>();
  expectTypeOf(error.outcome).toEqualTypeOf<ErrorOutcome | undefined>();
}

// So do hasCode, findError and isBusbarError.
if (hasCode(error, 'BUSBAR_A', 'BUSBAR_B')) expectTypeOf(error.code).toEqualTypeOf<'BUSBAR_A' | 'BUSBAR_B'>();
expectTypeOf(findError(error, 'BUSBAR_A')).toEqualTypeOf<BusbarError<'BUSBAR_A'> | undefined>();
if (isBusbarError(error)) expectTypeOf(error.code).toEqualTypeOf<string>();

// A union is told apart by its code, exhaustively.
switch (either.code) {
  case 'BUSBAR_SAMPLE_OPEN':
    expectTypeOf(either).toEqualTypeOf<Open>();
    break;
  case 'BUSBAR_SAMPLE_BUSY':
    expectTypeOf(either).toEqualTypeOf<Busy>();
    break;
  case 'BUSBAR_TIMEOUT':
    expectTypeOf(either.details.limitMs).toEqualTypeOf<number>();
    break;
  default:
    either satisfies never;
}

// Details are required, and only what the class declares.
void new BreakerOpenError(refusal);
// @ts-expect-error -- no details
void new BreakerOpenError();
// @ts-expect-error -- not a detail of this class
void new TimeoutError({ what: 'x', limitMs: 1, password: 'x' });
// @ts-expect-error -- read only
new TimeoutError({ what: 'x', limitMs: 1 }).code = 'BUSBAR_OTHER';

// Abstract classes group and cannot be made.
// @ts-expect-error -- abstract
void new CallRejectedError('x', refusal);
expectTypeOf<typeof CallRejectedError>().not.toExtend<BusbarErrorClass>();
expectTypeOf<typeof BreakerOpenError>().toExtend<BusbarErrorClass>();
expectTypeOf<Parameters<typeof brandError>>().toEqualTypeOf<
  [abstractClass: Parameters<typeof brandError>[0], name: string]
>();

// The types carry no private names: two installed versions fit each other.
type Copy<T> = { [K in keyof T]: T[K] };
expectTypeOf<Copy<AbortedError>>().toExtend<AbortedError>();

// The serialised form is plain data; the union of codes is all there is.
expectTypeOf<ReturnType<AbortedError['toJSON']>>().toEqualTypeOf<SerializedError>();
expectTypeOf<keyof typeof errorExamples>().toEqualTypeOf<SharedErrorCode>();
