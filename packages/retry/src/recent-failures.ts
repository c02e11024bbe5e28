import { combineOutcomes, type ErrorOutcome, outcomeOf } from '@busbar/errors';

const MAX_KEPT = 5;

interface Failure {
  /** Its name where it has no code. */
  readonly code: string;
  readonly error: unknown;
}

/** What a loop remembers of its failed attempts: the last error, up to five latest of different code, the outcome of all. */
export class RecentFailures {
  /** The latest of each code, in order of time. */
  #kept: readonly Failure[] = [];
  #last: unknown;
  #outcome: ErrorOutcome | undefined;

  add(error: unknown): void {
    const code = codeOf(error) ?? nameOf(error);
    this.#kept = [...this.#kept.filter((kept) => kept.code !== code), { code, error }].slice(-MAX_KEPT);
    this.#last = error;
    this.#outcome = combineOutcomes(this.#outcome, outcomeOf(error));
  }

  get last(): unknown {
    return this.#last;
  }

  get different(): readonly unknown[] {
    return this.#kept.map(({ error }) => error);
  }

  /** `unknown` if that of any attempt was, else that of the last one that stated any. */
  get outcome(): ErrorOutcome | undefined {
    return this.#outcome;
  }
}

/** The code of an error, where it is one that may be shown. */
export const codeOf = (error: unknown): string | undefined => {
  const code = textAt(error, 'code');
  return code !== undefined && /^[\w.-]{1,64}$/.test(code) ? code : undefined;
};

const nameOf = (error: unknown): string => textAt(error, 'name') ?? typeof error;

const textAt = (value: unknown, key: string): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    const text: unknown = Reflect.get(value, key);
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined; // what users throw may have hostile getters
  }
};
