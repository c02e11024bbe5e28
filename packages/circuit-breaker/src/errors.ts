/** The coded errors of the breaker. What the protected function throws passes through unchanged and is none of these. */
import {
  AbortedError,
  BusbarError,
  brandError,
  type ErrorDetails,
  type ErrorInit,
  type ErrorSpec,
} from '@busbar/errors';

import type { State } from './state-machine.ts';

/** Every code this package may reject with, besides the shared `BUSBAR_ABORTED`. */
export type BreakerErrorCode =
  | 'BUSBAR_BREAKER_OPEN'
  | 'BUSBAR_BREAKER_ISOLATED'
  | 'BUSBAR_BREAKER_BUSY'
  | 'BUSBAR_BREAKER_QUEUE_FULL'
  | 'BUSBAR_BREAKER_QUEUE_TIMEOUT'
  | 'BUSBAR_BREAKER_TIMEOUT'
  | 'BUSBAR_BREAKER_FALLBACK_FAILED'
  | 'BUSBAR_BREAKER_REGISTRY_FULL'
  | 'BUSBAR_BREAKER_OPTIONS'
  | 'BUSBAR_BREAKER_SHUT_DOWN';

/** Why a call was refused. */
export type RefusalReason = 'open' | 'probes-busy' | 'ramp' | 'isolated' | 'busy';

export type BreakerRefusal = {
  readonly breaker: string;
  readonly state: State;
  readonly reason: RefusalReason;
  /** When the next attempt makes sense, at the earliest; 0 if that is not a matter of time. */
  readonly retryAfterMs: number;
  /** Openings since the dependency was last well. */
  readonly openCount: number;
};

/**
 * The protected function was not called. `error instanceof CallRejectedError` is the test for "safe to send elsewhere":
 * its outcome is always `not-sent`.
 */
export abstract class CallRejectedError<
  C extends string = string,
  D extends ErrorDetails = ErrorDetails,
> extends BusbarError<C, D> {
  static {
    brandError(this, 'CallRejectedError');
  }
}

const STANDING = {
  open: 'open',
  'probes-busy': 'half-open and its probes are under way',
  ramp: 'starting slowly after an outage',
  isolated: 'isolated',
  busy: 'busy',
} as const satisfies Readonly<Record<RefusalReason, string>>;

/** The breaker is open, half-open without a free probe, or starting slowly after an outage. */
export class BreakerOpenError extends CallRejectedError<'BUSBAR_BREAKER_OPEN', BreakerRefusal> {
  static override readonly spec = {
    name: 'BreakerOpenError',
    code: 'BUSBAR_BREAKER_OPEN',
    retryable: true,
    outcome: 'not-sent',
    when: 'The breaker is open, half-open without a free probe, or starting slowly after an outage.',
    remedy: 'Divert, or try again after retryAfterMs.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerRefusal, init?: ErrorInit) {
    super(
      `breaker "${details.breaker}" is ${STANDING[details.reason]}, try again in ${Math.ceil(details.retryAfterMs)} ms`,
      details,
      init === undefined
        ? { captureStack: false, retryAfterMs: details.retryAfterMs } // refusals are many: no spread
        : { captureStack: false, retryAfterMs: details.retryAfterMs, ...init },
    );
  }
}

export type BreakerIsolation = BreakerRefusal & {
  /** What `isolate()` was told. */
  readonly because: string;
};

/** Somebody isolated the breaker by hand. */
export class BreakerIsolatedError extends CallRejectedError<'BUSBAR_BREAKER_ISOLATED', BreakerIsolation> {
  static override readonly spec = {
    name: 'BreakerIsolatedError',
    code: 'BUSBAR_BREAKER_ISOLATED',
    retryable: true,
    outcome: 'not-sent',
    when: 'The breaker was isolated by hand; it does not end by itself.',
    remedy: 'Divert until the isolation is released; details.because says why it was made.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerIsolation, init?: ErrorInit) {
    super(`breaker "${details.breaker}" is isolated: ${details.because}`, details, { captureStack: false, ...init });
  }
}

/** As many calls are in flight as may be. */
export class BreakerBusyError extends CallRejectedError<'BUSBAR_BREAKER_BUSY', BreakerRefusal> {
  static override readonly spec = {
    name: 'BreakerBusyError',
    code: 'BUSBAR_BREAKER_BUSY',
    retryable: true,
    outcome: 'not-sent',
    when: 'As many calls are in flight as maxConcurrentCalls allows.',
    remedy: 'Divert, wait with ready(), or slow the callers down.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerRefusal, init?: ErrorInit) {
    super(`breaker "${details.breaker}" has as many calls in flight as it may`, details, {
      captureStack: false,
      ...init,
    });
  }
}

export type BreakerQueueFull = {
  readonly breaker: string;
  /** The bound that was hit. */
  readonly limit: number;
};

/** As many callers wait as may. */
export class BreakerQueueFullError extends CallRejectedError<'BUSBAR_BREAKER_QUEUE_FULL', BreakerQueueFull> {
  static override readonly spec = {
    name: 'BreakerQueueFullError',
    code: 'BUSBAR_BREAKER_QUEUE_FULL',
    retryable: true,
    outcome: 'not-sent',
    when: 'As many callers wait for the breaker as maxWaiters allows.',
    remedy: 'Divert, or slow the callers down; raise maxWaiters only if the memory is there.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerQueueFull, init?: ErrorInit) {
    super(`breaker "${details.breaker}" has ${details.limit} waiting, its limit`, details, init);
  }
}

export type BreakerQueueTimeout = {
  readonly breaker: string;
  readonly limitMs: number;
};

/** The wait for a permit took longer than the caller allowed. */
export class BreakerQueueTimeoutError extends BusbarError<'BUSBAR_BREAKER_QUEUE_TIMEOUT', BreakerQueueTimeout> {
  static override readonly spec = {
    name: 'BreakerQueueTimeoutError',
    code: 'BUSBAR_BREAKER_QUEUE_TIMEOUT',
    retryable: true,
    outcome: 'not-sent',
    when: 'The timeoutMs given to ready() passed before a permit was free.',
    remedy: 'Divert, or wait longer: the dependency is not back yet.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerQueueTimeout, init?: ErrorInit) {
    super(`breaker "${details.breaker}" gave no permit within ${details.limitMs} ms`, details, init);
  }
}

export type BreakerTimeout = {
  readonly breaker: string;
  readonly limitMs: number;
};

/** The call took longer than `callTimeoutMs`. It may still have its effect. */
export class BreakerTimeoutError extends BusbarError<'BUSBAR_BREAKER_TIMEOUT', BreakerTimeout> {
  static override readonly spec = {
    name: 'BreakerTimeoutError',
    code: 'BUSBAR_BREAKER_TIMEOUT',
    retryable: true,
    outcome: 'unknown',
    when: 'The protected call took longer than callTimeoutMs.',
    remedy: 'Repeat it only if a repetition is harmless: it may have been applied.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerTimeout, init?: ErrorInit) {
    super(`a call through breaker "${details.breaker}" took longer than ${details.limitMs} ms`, details, init);
  }
}

export type BreakerFallbackFailed = {
  readonly breaker: string;
  /** The call itself had been refused. */
  readonly refused: boolean;
};

/** The fallback or the diversion threw. `cause` is its error; `errors` holds that of the call, then its own. */
export class BreakerFallbackError extends BusbarError<'BUSBAR_BREAKER_FALLBACK_FAILED', BreakerFallbackFailed> {
  static override readonly spec = {
    name: 'BreakerFallbackError',
    code: 'BUSBAR_BREAKER_FALLBACK_FAILED',
    retryable: false,
    when: 'The fallback or the diversion threw.',
    remedy: 'Look at the cause, and at errors[0] for what the call itself came to.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerFallbackFailed, init?: ErrorInit) {
    const why = details.refused ? 'was refused' : 'failed';
    super(`a call through breaker "${details.breaker}" ${why}, and so did what was to replace it`, details, init);
  }
}

export type BreakerRegistryFull = {
  /** The key for which there was no room. */
  readonly breaker: string;
  readonly limit: number;
};

/** As many breakers exist as may, and each of them is in use. */
export class BreakerRegistryFullError extends BusbarError<'BUSBAR_BREAKER_REGISTRY_FULL', BreakerRegistryFull> {
  static override readonly spec = {
    name: 'BreakerRegistryFullError',
    code: 'BUSBAR_BREAKER_REGISTRY_FULL',
    retryable: true,
    outcome: 'not-sent',
    when: 'The registry holds as many breakers as max allows, and none is closed and idle.',
    remedy: 'Use fewer keys (what fails together is one key), or raise max.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerRegistryFull, init?: ErrorInit) {
    super(`no room for a breaker "${details.breaker}": ${details.limit} exist and all are in use`, details, init);
  }
}

/** One problem with an option. */
export type BreakerOptionIssue = {
  /** The option, dots between the levels: `halfOpen.probes`. */
  readonly path: string;
  /** What is wrong with it and what is allowed. */
  readonly problem: string;
};

export type BreakerOptionsProblem = {
  readonly breaker: string;
  /** All problems, not only the first. */
  readonly issues: readonly BreakerOptionIssue[];
};

/** Options are invalid or contradict each other. */
export class BreakerOptionsError extends BusbarError<'BUSBAR_BREAKER_OPTIONS', BreakerOptionsProblem> {
  static override readonly spec = {
    name: 'BreakerOptionsError',
    code: 'BUSBAR_BREAKER_OPTIONS',
    retryable: false,
    outcome: 'not-sent',
    when: 'Options are out of range, unknown, or contradict each other.',
    remedy: 'Mend what details.issues lists; it is complete.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerOptionsProblem, init?: ErrorInit) {
    const problems = details.issues.map(({ path, problem }) => `${path} ${problem}`).join('; ');
    super(`options of breaker "${details.breaker}": ${problems}`, details, init);
  }
}

export type BreakerShutDown = {
  readonly breaker: string;
};

/** The breaker was closed for good. (Not the state `closed`, in which calls pass.) */
export class BreakerShutDownError extends BusbarError<'BUSBAR_BREAKER_SHUT_DOWN', BreakerShutDown> {
  static override readonly spec = {
    name: 'BreakerShutDownError',
    code: 'BUSBAR_BREAKER_SHUT_DOWN',
    retryable: false,
    outcome: 'not-sent',
    when: 'The call came during or after close().',
    remedy: 'Stop calling before closing the breaker.',
  } as const satisfies ErrorSpec;

  static {
    brandError(this);
  }

  constructor(details: BreakerShutDown, init?: ErrorInit) {
    super(`breaker "${details.breaker}" was shut down`, details, init);
  }
}

/** The caller gave up; by default before anything was sent. */
export const abortedError = (
  what: string,
  signal: AbortSignal | undefined,
  outcome: 'not-sent' | 'unknown' = 'not-sent',
): AbortedError => new AbortedError({ what, reason: 'signal' }, { cause: signal?.reason, outcome });
