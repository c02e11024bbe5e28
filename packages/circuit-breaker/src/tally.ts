/** What was recorded since the breaker closed: the failures in a row, and the window if there is one. */
import type { TripTally } from './trip-rule.ts';
import { CountWindow } from './windows/count.ts';
import { type FailureWindow, type Outcome, FAILED } from './windows/failure-window.ts';
import { TimeWindow } from './windows/time.ts';

export interface WindowSettings {
  readonly type: 'time' | 'count' | 'none';
  readonly durationMs: number;
  readonly buckets: number;
  readonly calls: number;
}

const windowFor = (settings: WindowSettings, originMs: number): FailureWindow | undefined => {
  const { type, durationMs, buckets, calls } = settings;
  if (type === 'time') return new TimeWindow({ durationMs, buckets, originMs });
  return type === 'count' ? new CountWindow(calls) : undefined;
};

export class Tally implements TripTally {
  consecutive = 0;
  readonly window: FailureWindow | undefined;

  constructor(settings: WindowSettings, nowMs: number) {
    this.window = windowFor(settings, nowMs);
  }

  /** Whether recording needs the time. */
  get isTimed(): boolean {
    return this.window?.isTimed === true;
  }
  get calls(): number {
    return this.window?.calls ?? 0;
  }
  get failures(): number {
    return this.window?.failures ?? 0;
  }
  get slow(): number {
    return this.window?.slow ?? 0;
  }

  /** A call that ended. */
  record(outcome: Outcome, nowMs: number): void {
    this.recordRun((outcome & FAILED) !== 0);
    this.window?.record(outcome, nowMs);
  }

  /** Only the failures in a row: for a call that stands in the window already. */
  recordRun(failed: boolean): void {
    this.consecutive = failed ? this.consecutive + 1 : 0;
  }

  clear(): void {
    this.consecutive = 0;
    this.window?.clear();
  }
}

/** A share, which is 0 of nothing. */
export const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
