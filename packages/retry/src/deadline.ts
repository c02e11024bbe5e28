import { type Clock, MAX_TIMER_MS, systemClock } from './clock.ts';
import { RetryOptionsError } from './errors.ts';

/** A point in time that is passed down, so that limits of several layers never add up. */
export interface Deadline {
  /** On the clock it was made with. */
  readonly atMs: number;
  /** Milliseconds until then; 0 once it has passed. */
  remainingMs(): number;
  /** Whether no time is left. */
  expired(): boolean;
}

/**
 * The deadline that many milliseconds from now. Range: 0..2_147_483_647; `Infinity` never expires.
 * @throws {@link RetryOptionsError} when `ms` is out of range.
 */
export const deadlineAfter = (ms: number, clock: Clock = systemClock): Deadline => {
  if (ms !== Number.POSITIVE_INFINITY && !(ms >= 0 && ms <= MAX_TIMER_MS)) {
    throw new RetryOptionsError({
      issues: [{ path: 'ms', problem: `must be 0..${MAX_TIMER_MS} or Infinity, is ${ms}` }],
    });
  }
  const atMs = clock.now() + ms;
  return {
    atMs,
    remainingMs: () => Math.max(0, atMs - clock.now()),
    expired: () => clock.now() >= atMs,
  };
};
