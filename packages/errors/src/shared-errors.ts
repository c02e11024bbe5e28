import { brandError } from './brand.ts';
import { BusbarError } from './busbar-error.ts';
import { type ErrorInit, type ErrorSpec, INTERNAL_ERROR_SPEC } from './error-spec.ts';

/** The codes that belong to no area. */
export type SharedErrorCode = 'BUSBAR_ABORTED' | 'BUSBAR_TIMEOUT' | 'BUSBAR_INTERNAL';

export type AbortedDetails = {
  /** What was going on: `retry "orders"`, `lease`. */
  readonly what: string;
  /** Who ended it: the caller's signal, or the owner that was closed. */
  readonly reason: 'signal' | 'closed';
};

/** The caller gave up, or what it waited on was closed. `cause` is `signal.reason`. */
export class AbortedError extends BusbarError<'BUSBAR_ABORTED', AbortedDetails> {
  static override readonly spec = {
    name: 'AbortError', // as on the platform
    code: 'BUSBAR_ABORTED',
    retryable: false,
    when: "The caller's signal was aborted, or the owner of the call was closed.",
    remedy: 'Nothing, if it was meant; the cause holds the reason of the signal.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: AbortedDetails, init?: ErrorInit) {
    super(
      details.reason === 'signal'
        ? `${details.what} was aborted by its caller`
        : `${details.what} was ended because its owner was closed`,
      details,
      init,
    );
  }
}

export type TimeoutDetails = {
  readonly what: string;
  readonly limitMs: number;
};

/** A time limit passed. What it limited may still take effect: the outcome is unknown unless stated. */
export class TimeoutError extends BusbarError<'BUSBAR_TIMEOUT', TimeoutDetails> {
  static override readonly spec = {
    name: 'TimeoutError',
    code: 'BUSBAR_TIMEOUT',
    retryable: true,
    outcome: 'unknown',
    when: 'A time limit passed before the work was done.',
    remedy: 'Try again where a repetition is harmless, or raise the limit in details.limitMs.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: TimeoutDetails, init?: ErrorInit) {
    super(`${details.what} did not finish within ${details.limitMs} ms`, details, init);
  }
}

export type InternalDetails = {
  /** What went wrong, in words of ours: never text of a foreign error. */
  readonly what: string;
};

/** A foreign value wrapped at a boundary, or a broken invariant of ours. */
export class InternalError extends BusbarError<'BUSBAR_INTERNAL', InternalDetails> {
  static override readonly spec = INTERNAL_ERROR_SPEC;

  static {
    brandError(this);
  }

  constructor(details: InternalDetails, init?: ErrorInit) {
    super(`internal error: ${details.what}`, details, init);
  }
}
