/**
 * What a result says about the dependency (CB3).
 *
 * Two rules come before any classifier, since no caller could want them otherwise: the refusal of a breaker says nothing about
 * the dependency behind it, and neither does a call that its own caller aborted.
 */
import { isAbortError } from '@busbar/errors';

import { CallRejectedError } from './errors.ts';

/** `success`: the dependency answered; `failure`: it is to blame; `ignore`: this says nothing about it. */
export type Verdict = 'success' | 'failure' | 'ignore';

/** Decides what errors and results mean. A classifier that throws, or answers anything else, counts as `failure`. */
export interface Classify {
  /** Default: every error is a failure. */
  error?(error: unknown, durationMs: number, signal: AbortSignal | undefined): Verdict;
  /** Default: every result is a success. */
  result?(result: unknown, durationMs: number): Verdict;
}

const isVerdict = (value: unknown): value is Verdict =>
  value === 'success' || value === 'failure' || value === 'ignore';

/** A method of a breaker that is not for the outside: what works beside a breaker judges errors as the breaker does. */
export const JUDGE_ERROR = Symbol('judge error');

/** How a call ended that threw. */
export interface FailedCall {
  readonly error: unknown;
  readonly durationMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface JudgesErrors {
  [JUDGE_ERROR](call: FailedCall): Verdict;
}

/** What an error means where nobody has anything to say about it. */
export const plainVerdict = (error: unknown, signal: AbortSignal | undefined): Verdict => {
  if (error instanceof CallRejectedError) return 'ignore';
  const isAborted = signal?.aborted === true && (error === signal.reason || isAbortError(error));
  return isAborted ? 'ignore' : 'failure';
};

/** Applies a classifier, and survives one that is broken. */
export class Classifier {
  readonly #classify: Classify;
  readonly #report: (error: unknown) => void;

  /** `undefined` where there is nobody to ask, and no duration to be known. */
  static of(classify: Classify, report: (error: unknown) => void): Classifier | undefined {
    const isPresent = classify.error !== undefined || classify.result !== undefined;
    return isPresent ? new Classifier(classify, report) : undefined;
  }

  private constructor(classify: Classify, report: (error: unknown) => void) {
    this.#classify = classify;
    this.#report = report;
  }

  error({ error, durationMs, signal }: FailedCall): Verdict {
    const plain = plainVerdict(error, signal);
    if (this.#classify.error === undefined || plain === 'ignore') return plain;
    return this.#ask(() => this.#classify.error?.(error, durationMs, signal));
  }

  result(result: unknown, durationMs: number): Verdict {
    if (this.#classify.result === undefined) return 'success';
    return this.#ask(() => this.#classify.result?.(result, durationMs));
  }

  #ask(question: () => unknown): Verdict {
    try {
      const verdict = question();
      if (isVerdict(verdict)) return verdict;
      this.#report(new TypeError(`a classifier answered neither success, failure nor ignore, but a ${typeof verdict}`));
    } catch (error) {
      this.#report(error);
    }
    return 'failure';
  }
}

const judges = (breaker: object): breaker is JudgesErrors => JUDGE_ERROR in breaker;

/** What `breaker` makes of an error; of a breaker that is not ours only the rules are known that come before any classifier. */
export const verdictOn = (breaker: object, call: FailedCall): Verdict =>
  judges(breaker) ? breaker[JUDGE_ERROR](call) : plainVerdict(call.error, call.signal);
