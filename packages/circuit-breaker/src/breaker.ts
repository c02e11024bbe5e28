/** The public shape of a circuit breaker. */
import type { IsolationHandle } from './isolation.ts';
import type { BreakerPatch } from './options.ts';
import type { Permit } from './permit.ts';
import type { BreakerSnapshot, BreakerStateV1 } from './snapshot.ts';
import type { Mode, State } from './state-machine.ts';
import type { BreakerStats } from './stats.ts';
import type { TransitionEvent } from './transition.ts';

/** A function under protection. It gets the caller's own signal, or `undefined`; with `callTimeoutMs` it gets one of its own. */
export type Call<T> = (signal: AbortSignal | undefined) => T | PromiseLike<T>;

/** A function that demands a signal, and therefore can only be called with one. */
export type SignaledCall<T> = (signal: AbortSignal) => T | PromiseLike<T>;

export interface ExecuteOptions {
  /** Aborted before the call is admitted: it never runs. Later it is the function's to obey. */
  readonly signal?: AbortSignal;
  /** A permit from {@link Breaker.ready} or {@link Breaker.tryAcquire}; the call then settles it. */
  readonly permit?: Permit;
}

export interface FallbackOptions<F> extends ExecuteOptions {
  /** `refused`: only instead of a call that did not run. `any`: also when it failed, unless its caller aborted. Default: `refused`. */
  readonly fallbackOn?: 'refused' | 'any';
  /** Answers in place of the call. Runs outside the breaker, once at most, and is not counted. */
  readonly fallback: (error: unknown, context: { readonly refused: boolean }) => F | PromiseLike<F>;
}

export interface ReadyOptions {
  readonly signal?: AbortSignal;
  /** How long to wait, in ms. Default: without a limit. */
  readonly timeoutMs?: number;
}

/** A circuit breaker around one dependency. Concurrent calls are never serialised by it. */
export interface Breaker extends AsyncDisposable {
  readonly name: string;
  readonly state: State;
  /** Grows by 1 at every transition; a result of an earlier epoch decides nothing. */
  readonly epoch: number;
  /** Share of failures in the window; 0 without calls. */
  readonly failureRatio: number;
  /** Until an open breaker lets a probe through, in ms; 0 if it is not open. */
  readonly retryAfterMs: number;
  /** Releases the isolation that was in force when the state was saved; `undefined` if none was. */
  readonly restoredIsolation: IsolationHandle | undefined;

  /**
   * Runs `fn` if the breaker admits it, and learns from how it ends. What `fn` throws passes through as the same object.
   *
   * `fn` starts synchronously, within this call.
   * @throws {@link BreakerOpenError} when open, half-open without a free probe, or starting slowly; `fn` was not called
   * @throws {@link BreakerIsolatedError} when isolated by hand
   * @throws {@link BreakerBusyError} when `maxConcurrentCalls` are in flight
   * @throws {@link BreakerTimeoutError} when the call took longer than `callTimeoutMs`; it may still have its effect
   * @throws {@link BreakerFallbackError} when a fallback was given, and threw
   * @throws {@link BreakerShutDownError} after `close()`
   * @throws {@link AbortedError} when the signal is aborted before the call is admitted
   */
  execute<T, F>(fn: Call<T>, options: FallbackOptions<F>): Promise<T | F>;
  execute<T>(fn: SignaledCall<T>, options: ExecuteOptions & { readonly signal: AbortSignal }): Promise<T>;
  execute<T>(fn: Call<T>, options?: ExecuteOptions): Promise<T>;

  /**
   * The same for a function that answers at once; a promise would count as a success when it is returned. `callTimeoutMs` does
   * not apply: nothing can end a synchronous call.
   */
  executeSync<T>(fn: () => T): T;

  /** A function with the same parameters and `this` whose calls go through the breaker. */
  wrap<This, A extends readonly unknown[], R>(
    fn: (this: This, ...args: A) => R,
  ): (this: This, ...args: A) => Promise<Awaited<R>>;

  /** The right to make one call, or 0: refused. Allocates nothing. The permit must be settled exactly once. */
  tryAcquire(): Permit | 0;
  /** Settles a permit. False: the result is stale and decided nothing. `startedAtMs`: from {@link now}, for latency and slow calls. */
  success(permit: Permit, startedAtMs?: number): boolean;
  /** Settles a permit as failed; `error` is reported with the transition it may cause, not classified. */
  failure(permit: Permit, startedAtMs?: number, error?: unknown): boolean;
  /** Gives a permit back; nothing is decided by it. */
  release(permit: Permit): boolean;
  /** Monotonic ms on the breaker's clock. */
  now(): number;

  /**
   * Waits until a call may be made and resolves with the permit for it, already reserved. First come, first served.
   *
   * While somebody waits the breaker owns one timer.
   * @throws {@link BreakerQueueFullError} when `maxWaiters` wait already
   * @throws {@link BreakerQueueTimeoutError} after `timeoutMs`
   * @throws {@link AbortedError} when the signal is aborted
   * @throws {@link BreakerShutDownError} when the breaker is closed before or while waiting
   */
  ready(options?: ReadyOptions): Promise<Permit>;

  /** Refuses all calls until every handle is released. It never ends by itself. */
  isolate(reason: string): IsolationHandle;
  /** Below an isolation the mode takes effect when that ends. */
  setMode(mode: Mode): void;
  /** Back to closed with nothing recorded and no openings remembered. Isolation and mode stay in force above it. */
  reset(): void;
  /**
   * Opens for `forMs`, at most `open.maxMs`, because somebody knows that the dependency is down; prolongs a period that runs.
   * Without effect while isolated or disabled.
   */
  suggestOpen(forMs: number, reason: string): void;
  /**
   * Changes settings while working: all or nothing. The window and a running open period stay as they are.
   * @throws {@link BreakerOptionsError} with every problem; nothing has changed then
   */
  update(patch: BreakerPatch): void;

  /** Told of every transition, in the order of epochs, after the state is consistent. May call the breaker. */
  onTransition(listener: (event: TransitionEvent) => void): Disposable;
  /** Counters that never decrease, and the present. Reading never causes a transition. */
  stats(): BreakerStats;
  /** Statistics, settings and the buckets of the window at one moment. */
  snapshot(): BreakerSnapshot;
  /** What `restore` of a later breaker of this name takes up; plain JSON. */
  exportState(): BreakerStateV1;
  /** Ends the breaker: waiters and later calls reject; calls in flight go on and decide nothing. Idempotent. */
  close(): Promise<void>;
}
