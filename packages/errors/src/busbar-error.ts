import { brandError, isInstance } from './brand.ts';
import { hideCauses } from './cause-chain.ts';
import { reviveError, type ReviveOptions } from './deserialize.ts';
import {
  docsUrlOf,
  type ErrorDetails,
  type ErrorInit,
  type ErrorOutcome,
  type ErrorSpec,
  INTERNAL_ERROR_SPEC,
} from './error-spec.ts';
import { causeSummary } from './foreign-message.ts';
import { makeInspectable } from './inspect.ts';
import { type SerializedError, serializeError } from './serialize.ts';
import { limitStacks, muteStacks } from './stack-frames.ts';

/**
 * Base of every error that leaves a package of ours.
 *
 * Match on `code`: it is part of the API. `instanceof` also works, across installed copies of the package. A subclass
 * declares `static readonly spec` and calls `brandError(this)` in a static block; it has no `name` or `code` of its own.
 */
export abstract class BusbarError<C extends string = string, D extends ErrorDetails = ErrorDetails> extends Error {
  declare static readonly spec: ErrorSpec;

  /** `BUSBAR_<AREA>_<CAUSE>`. */
  declare readonly code: C;
  /** The same call with the same input may succeed later without anybody changing anything. */
  declare readonly retryable: boolean;
  /** Whether something may have been applied elsewhere; absent where that is no question. */
  declare readonly outcome?: ErrorOutcome;
  /** When to try again, in milliseconds from now: a hint, never a promise. */
  declare readonly retryAfterMs?: number;
  /** The facts of this error. Frozen, except on refusals without a stack. */
  declare readonly details: Readonly<D>;
  /** Further errors behind this one. */
  declare readonly errors?: readonly unknown[];

  static {
    brandError(this, 'BusbarError');
    makeInspectable(this.prototype);
  }

  /** The message is a template over `details` only; a summary of the cause is added at its end. */
  constructor(message: string, details: D, init: ErrorInit = {}) {
    const isStackless = init.captureStack === false;
    const limit = isStackless ? muteStacks() : 0;
    super(init.cause === undefined ? message : withSummary(message, init.cause));
    if (isStackless) limitStacks(limit);
    const spec: ErrorSpec | undefined = new.target.spec; // absent on a subclass written in JavaScript without one
    fill(this, spec ?? INTERNAL_ERROR_SPEC, init);
    this.details = isStackless ? details : Object.freeze({ ...details });
    hideCauses(this, init);
  }

  /** True for instances made by any installed copy of the package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }

  /** The reverse of `toJSON`, for data that crossed a thread or process. Never throws. */
  static fromJSON(value: unknown, options: ReviveOptions = {}): BusbarError {
    return reviveError(value, BusbarError, options);
  }

  /** Where this code is explained. */
  get docsUrl(): string {
    return docsUrlOf(this.code);
  }

  /** The view that may be logged or sent: allow-listed, bounded, without a stack. */
  toJSON(): SerializedError {
    return serializeError(this);
  }
}

/** The cause is not printed when the process dies of the error, so the message says what may be said of it. */
const withSummary = (message: string, cause: unknown): string => {
  const summary = causeSummary(cause);
  return summary === undefined || message.includes(summary) ? message : `${message}: ${summary}`;
};

interface Stated {
  code: string;
  retryable: boolean;
  outcome?: ErrorOutcome;
  retryAfterMs?: number;
}

/** Copies what the class states, unless this instance says otherwise. */
const fill = (error: Stated, spec: ErrorSpec, init: ErrorInit): void => {
  error.code = spec.code;
  error.retryable = init.retryable ?? spec.retryable;
  const outcome = init.outcome ?? spec.outcome;
  if (outcome !== undefined) error.outcome = outcome;
  if (init.retryAfterMs !== undefined) error.retryAfterMs = init.retryAfterMs;
};
