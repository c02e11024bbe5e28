/** What an attempt knows of itself and of the time that is left. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Aborted when the caller gives up, the policy is closed, or the time of this attempt is over. */
  readonly signal: AbortSignal;
  /** Milliseconds since the call of `execute`, now. */
  readonly elapsedMs: number;
  /** Milliseconds until the deadline, now; `Infinity` without one. Pass it down instead of a limit of your own. */
  readonly remainingMs: number;
}

/** The times of a loop, read when an attempt is asked for them. */
export interface LoopTimes {
  elapsedMs(): number;
  remainingMs(): number;
}

/** An attempt whose signal is made when it is first read: most attempts succeed without anybody asking for it. */
export class RunningAttempt implements Attempt {
  readonly number: number;
  readonly #times: LoopTimes;
  #controller: AbortController | undefined;

  constructor(number: number, times: LoopTimes) {
    this.number = number;
    this.#times = times;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  get elapsedMs(): number {
    return this.#times.elapsedMs();
  }

  get remainingMs(): number {
    return this.#times.remainingMs();
  }

  /** Aborts the signal; one that is read later is aborted already. */
  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}
