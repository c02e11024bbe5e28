/** The port of the windows over which failure and slow-call rates are taken. */

/** What one call came to: the sum of {@link FAILED} and {@link SLOW}, or 0. */
export type Outcome = 0 | 1 | 2 | 3;

export const FAILED = 1;
export const SLOW = 2;

export const outcomeFor = (failed: boolean, slow: boolean): Outcome => {
  if (failed) return slow ? 3 : FAILED;
  return slow ? SLOW : 0;
};

/** Outcomes of one stretch of time. */
export interface WindowBucket {
  /** How long ago it began. */
  readonly ageMs: number;
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** A window in the form in which it is kept across restarts. */
export type WindowStateV1 =
  | { readonly type: 'time'; readonly buckets: readonly WindowBucket[] }
  /** One digit per call, oldest first: an {@link Outcome}. */
  | { readonly type: 'count'; readonly outcomes: string };

/**
 * The latest outcomes, with running totals: recording and asking are O(1) and allocate nothing.
 *
 * Invariant: the totals equal a recount of the outcomes that are in the window.
 */
export interface FailureWindow {
  /** Whether times are read at all; a window that counts calls needs no clock. */
  readonly isTimed: boolean;
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  record(outcome: Outcome, nowMs: number): void;
  /** Drops what has become too old; also needed before reading. */
  evict(nowMs: number): void;
  clear(): void;
  /** Oldest first, empty ones left out. */
  buckets(nowMs: number): readonly WindowBucket[];
  toState(nowMs: number): WindowStateV1;
  /** Takes up a saved window, `elapsedMs` after it was saved. What is too old, or of another kind, is dropped. */
  restore(state: WindowStateV1, nowMs: number, elapsedMs: number): void;
}
