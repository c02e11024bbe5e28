/** What happened on the other side: nothing left this process, it answered and did not apply, or it may have applied. */
export type ErrorOutcome = 'not-sent' | 'rejected' | 'unknown';

/** A value that may stand in the details of an error: a scalar, or a shallow structure of scalars. */
export type DetailValue =
  | string
  | number
  | boolean
  | null
  | readonly DetailValue[]
  | { readonly [key: string]: DetailValue };

/** The typed facts of an error: an allow-list by construction, since only what a class declares can stand here. */
export type ErrorDetails = { readonly [key: string]: DetailValue | undefined };

/** What a class of the family declares about itself, once; instances copy code, `retryable` and `outcome` from here. */
export interface ErrorSpec {
  /** Unique in the repository; what `error.name` says, also after minification. */
  readonly name: string;
  /** `BUSBAR_<AREA>_<CAUSE>`: the identity of the error. Never renamed, never reused. */
  readonly code: `BUSBAR_${string}`;
  /** The same call with the same input may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** Stated only where something may have been applied elsewhere. */
  readonly outcome?: ErrorOutcome;
  /** One sentence: when it occurs. A row of docs/error-codes.md. */
  readonly when: string;
  /** One sentence: what to do about it. A row of docs/error-codes.md. */
  readonly remedy: string;
  /** Own properties besides `details` that may be printed and serialised. */
  readonly fields?: readonly string[];
}

/** What one instance may say differently from its class. */
export interface ErrorInit {
  /** The original, whatever was thrown. Kept as it is; only an allow-listed summary of it is ever shown. */
  readonly cause?: unknown;
  /** Further errors behind this one, for example those of earlier attempts. */
  readonly errors?: readonly unknown[];
  /** Default: as the class states. */
  readonly retryable?: boolean;
  /** A hint in milliseconds, never a promise. */
  readonly retryAfterMs?: number;
  /** Default: as the class states. */
  readonly outcome?: ErrorOutcome;
  /** `false` for refusals made thousands of times per second: a stack makes them three times as dear. Default: true. */
  readonly captureStack?: boolean;
}

/**
 * Spec of `InternalError`. It stands here because `BusbarError.fromJSON`, which the class itself is built on,
 * answers with this code when it is given something that is no serialised error.
 */
export const INTERNAL_ERROR_SPEC = {
  name: 'InternalError',
  code: 'BUSBAR_INTERNAL',
  retryable: false,
  outcome: 'unknown',
  when: 'A foreign value was wrapped at a boundary, or an invariant of ours is broken.',
  remedy: 'Look at the cause; without one, report it with the message and the stack.',
} as const satisfies ErrorSpec;

/** The page that explains every code. */
export const ERROR_DOCS_URL = 'https://github.com/busbar/busbar/blob/main/docs/error-codes.md';

/** Where a code is explained. */
export const docsUrlOf = (code: string): string => `${ERROR_DOCS_URL}#${code.toLowerCase()}`;

/** Whether a text has the form of a code of the family. */
export const isFamilyCode = (text: unknown): text is string =>
  typeof text === 'string' && /^BUSBAR_[A-Z0-9_]{1,57}$/.test(text);
