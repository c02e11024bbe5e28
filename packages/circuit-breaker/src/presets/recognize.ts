/**
 * How a preset finds the error that matters among causes and parts.
 *
 * An error that is recognised decides for everything behind it. Wrappers are transparent, whatever they say of themselves:
 * kafkajs puts "not retriable" on top of a refused connection. Of an aggregate one failure decides.
 */
import { isAbortError } from '@busbar/errors';

import type { Classify, Verdict } from '../classify.ts';

/** What an error says by itself, without its causes; `undefined`: it is not recognised. */
export type Recognize = (error: object, signal: AbortSignal | undefined) => Verdict | undefined;

const MOST_ERRORS = 64;

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' || typeof value === 'function') && value !== null;

/** A property of a foreign object; one that cannot be read is absent. */
export const read = (value: unknown, key: string): unknown => {
  try {
    return isObject(value) ? Reflect.get(value, key) : undefined;
  } catch {
    return undefined; // a getter or a proxy that throws says nothing about the dependency
  }
};

export const readText = (value: unknown, key: string): string => {
  const text = read(value, key);
  return typeof text === 'string' ? text : '';
};

/** Errors of Node.js that mean that nobody could be reached, or that the connection broke. */
const SYSTEM_FAILURES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

class Search {
  readonly #recognize: Recognize;
  readonly #signal: AbortSignal | undefined;
  readonly #seen = new Set<object>();

  constructor(recognize: Recognize, signal: AbortSignal | undefined) {
    this.#recognize = recognize;
    this.#signal = signal;
  }

  verdictOf(value: unknown): Verdict | undefined {
    if (!isObject(value) || this.#seen.has(value) || this.#seen.size >= MOST_ERRORS) return undefined;
    this.#seen.add(value);
    return this.#ownVerdictOf(value) ?? this.#verdictBehind(value);
  }

  #ownVerdictOf(error: object): Verdict | undefined {
    const own = this.#recognize(error, this.#signal);
    if (own !== undefined) return own;
    if (isAbortError(error)) return 'ignore';
    return SYSTEM_FAILURES.has(readText(error, 'code')) ? 'failure' : undefined;
  }

  #verdictBehind(error: object): Verdict | undefined {
    const errors = read(error, 'errors');
    const parts = Array.isArray(errors) ? errors.slice(0, MOST_ERRORS) : [];
    const verdicts = parts.map((part) => this.verdictOf(part)).filter((verdict) => verdict !== undefined);
    if (verdicts.includes('failure')) return 'failure';
    return this.verdictOf(read(error, 'cause')) ?? this.verdictOf(read(error, 'originalError')) ?? verdicts[0];
  }
}

/** A classifier of errors: what nobody recognises is a failure. Never throws. */
export const classifyBy = (recognize: Recognize): Required<Pick<Classify, 'error'>> => ({
  error: (error, _durationMs, signal) => new Search(recognize, signal).verdictOf(error) ?? 'failure',
});
