import type { IsolationHandle } from './isolation.ts';
/** The public shape of a circuit breaker. */
import type { Permit } from './permit.ts';
import type { State } from './state-machine.ts';
import type { BreakerStats } from './stats.ts';
import type { TransitionEvent } from './transition.ts';

/** A function under protection. It gets the caller's own signal, or `undefined`: never one made for the occasion. */
export type Call<T> = (signal: AbortSignal | undefined) => T | PromiseLike<T>;

/** A function that demands a signal, and therefore can only be called with one. */
export type SignaledCall<T> = (signal: AbortSignal) => T | PromiseLike<T>;

export interface ExecuteOptions {
  /** Aborted before the call is admitted: it never runs. Later it is the function's to obey. */
  readonly signal?: AbortSignal;
  /** A permit from {@link Breaker.ready} or {@link Breaker.tryAcquire}; the call then settles it. */
  readonly permit?: Permit;
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
  /** Until an open breaker lets a probe through, in ms; 0 if it is not open. */
  readonly retryAfterMs: number;

  /**
   * Runs `fn` if the breaker admits it, and learns from how it ends. What `fn` throws passes through as the same object.
   *
   * `fn` starts synchronously, within this call.
   * @throws {@link BreakerOpenError} when open, or half-open without a free probe; `fn` was not called
   * @throws {@link BreakerIsolatedError} when isolated by hand
   * @throws {@link BreakerShutDownError} after `close()`
   * @throws {@link AbortedError} when the signal is aborted before the call is admitted
   */
  execute<T>(fn: SignaledCall<T>, options: ExecuteOptions & { readonly signal: AbortSignal }): Promise<T>;
  execute<T>(fn: Call<T>, options?: ExecuteOptions): Promise<T>;

  /** The right to make one call, or 0: refused. Allocates nothing. The permit must be settled exactly once. */
  tryAcquire(): Permit | 0;
  /** Settles a permit. False: the result is stale and decided nothing. */
  success(permit: Permit): boolean;
  /** Settles a permit as failed; `error` is reported with the transition it may cause, not classified. */
  failure(permit: Permit, error?: unknown): boolean;
  /** Gives a permit back; nothing is decided by it. */
  release(permit: Permit): boolean;

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
  /** Back to closed with nothing recorded and no openings remembered. Isolation stays in force above it. */
  reset(): void;
  /**
   * Opens for `forMs`, at most `open.maxMs`, because somebody knows that the dependency is down; prolongs a period that runs.
   * Without effect while isolated.
   */
  suggestOpen(forMs: number, reason: string): void;
  /** Told of every transition, in the order of epochs, after the state is consistent. May call the breaker. */
  onTransition(listener: (event: TransitionEvent) => void): Disposable;
  /** Counters that never decrease, and the present. Reading never causes a transition. */
  stats(): BreakerStats;
  /** Ends the breaker: waiters and later calls reject; calls in flight go on and decide nothing. Idempotent. */
  close(): Promise<void>;
}
