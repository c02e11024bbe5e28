/**
 * The naive way to know a failure rate (R-CB-2): keep the outcome and the time of every call, filter them by age at each query,
 * and count what is left.
 *
 * It looks at the calls since the oldest bucket of a time window began, so that its answers equal those of the breaker.
 */
export interface TimestampListOptions {
  readonly durationMs: number;
  readonly buckets: number;
  /** Where the first bucket begins. */
  readonly originMs: number;
  readonly failureRatio: number;
  readonly minimumCalls: number;
}

export interface TimestampListAnswer {
  /** What the calls in the window say now. */
  readonly state: 'closed' | 'open';
  readonly calls: number;
  /** 0 without calls. */
  readonly failureRatio: number;
}

interface Outcome {
  readonly atMs: number;
  readonly failed: boolean;
}

export class TimestampListState {
  readonly #options: TimestampListOptions;
  #outcomes: Outcome[] = [];

  constructor(options: TimestampListOptions) {
    this.#options = options;
  }

  record(failed: boolean, atMs: number): void {
    this.#outcomes.push({ atMs, failed });
  }

  query(nowMs: number): TimestampListAnswer {
    const { failureRatio, minimumCalls } = this.#options;
    const sinceMs = this.#sinceMs(nowMs);
    this.#outcomes = this.#outcomes.filter(({ atMs }) => atMs >= sinceMs);
    const calls = this.#outcomes.length;
    const failures = this.#outcomes.filter(({ failed }) => failed).length;
    const share = calls === 0 ? 0 : failures / calls;
    return { state: calls >= minimumCalls && share >= failureRatio ? 'open' : 'closed', calls, failureRatio: share };
  }

  /** When the oldest bucket began that still counts. */
  #sinceMs(nowMs: number): number {
    const { durationMs, buckets, originMs } = this.#options;
    const widthMs = durationMs / buckets;
    const current = Math.floor((nowMs - originMs) / widthMs);
    return originMs + (current - buckets + 1) * widthMs;
  }
}
