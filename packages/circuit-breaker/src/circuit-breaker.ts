/** The shell around the state machine: admit → call → record → tell. */
import { Admission } from './admission.ts';
import type { Breaker, Call, ExecuteOptions, FallbackOptions, ReadyOptions, SignaledCall } from './breaker.ts';
import { CallRunner } from './call-runner.ts';
import { type FailedCall, JUDGE_ERROR, type JudgesErrors, type Verdict } from './classify.ts';
import { closedChannel, createdChannel, restoreInvalidChannel } from './diagnostics.ts';
import { abortedError, BreakerOptionsError, BreakerShutDownError } from './errors.ts';
import { fallBack } from './fallback.ts';
import { Isolation, type IsolationHandle } from './isolation.ts';
import { ListenerErrors, REPORT_LISTENER_ERROR, type ReportsListenerErrors } from './listener-errors.ts';
import { MonotonicClock } from './monotonic-clock.ts';
import {
  type BreakerOptions,
  type BreakerPatch,
  type BreakerSettings,
  patchSettings,
  type ResolvedBreakerOptions,
  resolveBreakerOptions,
} from './options.ts';
import type { Permit } from './permit.ts';
import { type AnyCall, awaitable } from './protected-function.ts';
import { Refusals } from './refusals.ts';
import { type BreakerSnapshot, type BreakerStateV1, exportState, restoredState } from './snapshot.ts';
import type { Mode, State } from './state-machine.ts';
import { type BreakerStats, breakerStats, newCounters } from './stats.ts';
import { ratio } from './tally.ts';
import { TransitionListeners } from './transition-listeners.ts';
import type { TransitionEvent } from './transition.ts';
import { Waiters } from './waiters.ts';

/**
 * Creates a breaker. It starts closed, unless a saved state says otherwise, and owns no timer.
 * @throws {@link BreakerOptionsError} with every problem of the options at once
 */
export const createBreaker = (options: BreakerOptions): Breaker => new CircuitBreaker(resolveBreakerOptions(options));

class CircuitBreaker implements Breaker, JudgesErrors, ReportsListenerErrors {
  readonly name: string;
  readonly restoredIsolation: IsolationHandle | undefined;
  #settings: BreakerSettings;
  readonly #options: ResolvedBreakerOptions;
  readonly #counters = newCounters();
  readonly #errors: ListenerErrors;
  readonly #clock: MonotonicClock;
  readonly #listeners: TransitionListeners;
  readonly #admission: Admission;
  readonly #isolation: Isolation;
  readonly #refusals: Refusals;
  readonly #runner: CallRunner;
  readonly #waiters: Waiters;
  #shutDown = false;

  constructor(options: ResolvedBreakerOptions) {
    const { settings } = options;
    this.name = settings.name;
    this.#settings = settings;
    this.#options = options;
    this.#errors = new ListenerErrors(settings.name, options.onListenerError);
    const report = (error: unknown): void => {
      this[REPORT_LISTENER_ERROR](error);
    };
    const clock = new MonotonicClock(options.clock, report);
    const now = (): number => clock.now();
    const counters = this.#counters;
    this.#clock = clock;
    this.#listeners = new TransitionListeners(report);
    this.#admission = new Admission(settings, {
      now,
      random: options.random,
      counters,
      tell: (event) => {
        this.#listeners.push(event);
      },
    });
    this.#isolation = new Isolation(({ resume }) => {
      this.#admission.endIsolation(resume ?? 'closed');
      this.#after();
    });
    this.#refusals = new Refusals({
      settings,
      admission: this.#admission,
      isolation: this.#isolation,
      counters,
      clock,
    });
    this.#runner = this.#newRunner(report);
    this.#waiters = this.#newWaiters();
    this.restoredIsolation = this.#restore();
    if (createdChannel.hasSubscribers) createdChannel.publish({ name: this.name, options: settings, instance: this });
    this.#listeners.flush();
  }

  #newRunner(report: (error: unknown) => void): CallRunner {
    const { classify, timers } = this.#options;
    return new CallRunner({
      settings: this.#settings,
      classify,
      report,
      admission: this.#admission,
      counters: this.#counters,
      clock: this.#clock,
      timers,
      after: () => {
        this.#after();
      },
    });
  }

  #newWaiters(): Waiters {
    return new Waiters({
      name: this.name,
      maxWaiters: this.#settings.maxWaiters,
      timers: this.#options.timers,
      acquire: () => this.#acquire(),
      isSpreading: () => this.#admission.machine.isRamping,
      refusedForMs: () => this.#admission.refusedForMs(this.#clock.now()),
      onWoken: () => {
        this.#listeners.flush();
      },
    });
  }

  get state(): State {
    return this.#admission.state;
  }
  get epoch(): number {
    return this.#admission.epoch;
  }
  get failureRatio(): number {
    const { tally } = this.#admission.machine;
    tally.window?.evict(this.#clock.now());
    return ratio(tally.failures, tally.calls);
  }
  get retryAfterMs(): number {
    return this.#admission.machine.openRemainingMs(this.#clock.now());
  }

  execute<T, F>(fn: Call<T> | SignaledCall<T>, options?: ExecuteOptions | FallbackOptions<F>): Promise<T | F> {
    if (options !== undefined) return this.#executeWith<T, F>(fn, options);
    const permit = this.tryAcquire();
    return permit === 0 ? Promise.reject(this.#refusal()) : this.#runner.run<T>(fn, permit, undefined);
  }

  #executeWith<T, F>(fn: AnyCall<T>, options: ExecuteOptions | FallbackOptions<F>): Promise<T | F> {
    const { signal, permit: given } = options;
    if (signal?.aborted === true) {
      if (given !== undefined) this.release(given);
      return Promise.reject(abortedError(`call through breaker "${this.name}"`, signal));
    }
    if (given !== undefined) this.#runner.markOverdue();
    const permit = given ?? this.tryAcquire();
    const fallback = 'fallback' in options ? options : undefined;
    if (permit === 0) return this.#refuse(fallback);
    const call = this.#runner.run<T>(fn, permit, signal);
    return fallback?.fallbackOn === 'any' ? this.#orFallBack(call, fallback) : call;
  }

  executeSync<T>(fn: () => T): T {
    const permit = this.tryAcquire();
    if (permit === 0) throw this.#refusal();
    return this.#runner.runSync(fn, permit);
  }

  wrap<This, A extends readonly unknown[], R>(
    fn: (this: This, ...args: A) => R,
  ): (this: This, ...args: A) => Promise<Awaited<R>> {
    // oxlint-disable-next-line typescript/no-this-alias, unicorn/no-this-assignment -- two objects are called `this` here
    const breaker = this;
    return function wrapped(this: This, ...args: A): Promise<Awaited<R>> {
      return breaker.execute<Awaited<R>, never>(() => awaitable(fn.call(this, ...args)));
    };
  }

  tryAcquire(): Permit | 0 {
    this.#runner.markOverdue();
    const permit = this.#admission.acquireAtOnce();
    return permit === 0 ? this.#tryAcquireByDecision() : permit;
  }

  #tryAcquireByDecision(): Permit | 0 {
    const permit = this.#admission.acquire();
    if (permit === 0 && !this.#shutDown) this.#refusals.count();
    if (this.#listeners.pending) this.#after();
    return permit;
  }

  success(permit: Permit, startedAtMs?: number): boolean {
    return this.#runner.success(permit, startedAtMs);
  }

  failure(permit: Permit, startedAtMs?: number, error?: unknown): boolean {
    return this.#runner.settle(permit, { verdict: 'failure', startedAtMs, error });
  }

  release(permit: Permit): boolean {
    return this.#runner.settle(permit, { verdict: 'ignore' });
  }

  now(): number {
    return this.#clock.now();
  }

  ready(options: ReadyOptions = {}): Promise<Permit> {
    if (this.#shutDown) return Promise.reject(new BreakerShutDownError({ breaker: this.name }));
    if (options.signal?.aborted === true) {
      return Promise.reject(abortedError(`waiting for breaker "${this.name}"`, options.signal));
    }
    const permit = this.#waiters.size === 0 ? this.#acquire() : 0;
    const ready = permit === 0 ? this.#waiters.wait(options) : Promise.resolve(permit);
    this.#listeners.flush();
    return ready;
  }

  isolate(reason: string): IsolationHandle {
    const handle = this.#isolation.hold(reason);
    this.#admission.isolate(reason);
    this.#after();
    return handle;
  }

  setMode(mode: Mode): void {
    this.#admission.setMode(mode);
    this.#after();
  }

  reset(): void {
    this.#admission.reset();
    this.#after();
  }

  suggestOpen(forMs: number, reason: string): void {
    if (!(forMs > 0)) {
      const issues = [{ path: 'forMs', problem: `must be above 0, is ${String(forMs)}` }];
      throw new BreakerOptionsError({ breaker: this.name, issues });
    }
    this.#admission.suggestOpen(forMs, reason);
    this.#after();
  }

  update(patch: BreakerPatch): void {
    this.#settings = patchSettings(this.#settings, patch);
    this.#admission.update(this.#settings);
    this.#runner.update(this.#settings, patch.classify);
    this.#after();
  }

  onTransition(listener: (event: TransitionEvent) => void): Disposable {
    return this.#listeners.add(listener);
  }

  stats(): BreakerStats {
    return breakerStats({
      admission: this.#admission,
      counters: this.#counters,
      waiters: this.#waiters.size,
      latency: this.#runner.latency,
      probeLatency: this.#runner.probeLatency,
      nowMs: this.#clock.now(),
    });
  }

  snapshot(): BreakerSnapshot {
    const { window } = this.#admission.machine.tally;
    return { stats: this.stats(), settings: this.#settings, buckets: window?.buckets(this.#clock.now()) ?? [] };
  }

  exportState(): BreakerStateV1 {
    const { isHeld, reason } = this.#isolation;
    const parts = { name: this.name, machine: this.#admission.machine, isolatedFor: isHeld ? reason : undefined };
    return exportState(parts, { nowMs: this.#clock.now(), unixMs: this.#options.wallClock() });
  }

  close(): Promise<void> {
    if (!this.#shutDown) {
      this.#shutDown = true;
      this.#admission.shutDown();
      this.#waiters.shutDown();
      if (closedChannel.hasSubscribers) closedChannel.publish({ name: this.name });
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [JUDGE_ERROR](call: FailedCall): Verdict {
    return this.#runner.judge(call);
  }

  [REPORT_LISTENER_ERROR](error: unknown): void {
    this.#errors.report(error);
  }

  #acquire(): Permit | 0 {
    this.#runner.markOverdue();
    return this.#admission.acquire();
  }

  #refusal(): Error {
    return this.#shutDown ? new BreakerShutDownError({ breaker: this.name }) : this.#refusals.error();
  }

  #refuse<F>(fallback: FallbackOptions<F> | undefined): Promise<F> {
    const error = this.#refusal();
    if (fallback === undefined || this.#shutDown) return Promise.reject(error);
    return fallBack(fallback, { breaker: this.name, error, refused: true });
  }

  #orFallBack<T, F>(call: Promise<T>, fallback: FallbackOptions<F>): Promise<T | F> {
    return call.catch((error: unknown) => {
      if (fallback.signal?.aborted === true) throw error;
      return fallBack(fallback, { breaker: this.name, error, refused: false });
    });
  }

  /** Takes up a saved state; answers the handle of an isolation that was in force. */
  #restore(): IsolationHandle | undefined {
    const { restore, restoreIsolation, wallClock } = this.#options;
    if (restore === undefined || restore === null) return undefined;
    const limits = { name: this.name, maxOpenMs: this.#settings.open.maxMs, unixMs: wallClock() };
    const saved = restoredState(restore, limits);
    if (typeof saved === 'string') {
      if (restoreInvalidChannel.hasSubscribers) restoreInvalidChannel.publish({ name: this.name, problem: saved });
      return undefined;
    }
    const isolatedFor = restoreIsolation ? saved.isolatedFor : undefined;
    const handle = isolatedFor === undefined ? undefined : this.#isolation.hold(isolatedFor);
    this.#admission.restore({ ...saved, isolatedFor });
    return handle;
  }

  /** What follows a change: permits for those who wait, and then the news for those who listen. */
  #after(): void {
    if (this.#waiters.size > 0) this.#waiters.wake();
    if (this.#listeners.pending) this.#listeners.flush();
  }
}
