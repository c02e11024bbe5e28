/** The shell around the state machine: admit → call → record → tell. */
import { systemClock } from '@busbar/retry';

import { Admission } from './admission.ts';
import type { Breaker, Call, ExecuteOptions, FallbackOptions, ReadyOptions, SignaledCall } from './breaker.ts';
import { CallRunner } from './call-runner.ts';
import { type FailedCall, JUDGE_ERROR, type JudgesErrors, type Verdict } from './classify.ts';
import { closedChannel, createdChannel, restoreInvalidChannel } from './diagnostics.ts';
import { abortedError, BreakerOptionsError, BreakerShutDownError } from './errors.ts';
import { fallBack } from './fallback.ts';
import { Followers } from './followers.ts';
import { Isolation, type IsolationHandle } from './isolation.ts';
import { deliverListenerError, REPORT_LISTENER_ERROR, type ReportsListenerErrors } from './listener-errors.ts';
import { MonotonicClock } from './monotonic-clock.ts';
import {
  type BreakerEnvironment,
  type BreakerOptions,
  type BreakerPatch,
  type BreakerSettings,
  patchSettings,
  type ResolvedBreakerOptions,
  resolveBreakerOptions,
} from './options.ts';
import type { Permit } from './permit.ts';
import { type AnyCall, awaitable, refused } from './protected-function.ts';
import { countRefusal, refusalError } from './refusals.ts';
import { type BreakerSnapshot, type BreakerStateV1, exportState, restoredState } from './snapshot.ts';
import type { Mode, State } from './state-machine.ts';
import { type BreakerStats, breakerStats } from './stats.ts';
import { ratio } from './tally.ts';
import type { TransitionEvent } from './transition.ts';

/**
 * Creates a breaker. It starts closed, unless a saved state says otherwise, and owns no timer.
 * @throws {@link BreakerOptionsError} with every problem of the options at once
 */
export const createBreaker = (options: BreakerOptions): Breaker => new CircuitBreaker(resolveBreakerOptions(options));

class CircuitBreaker implements Breaker, JudgesErrors, ReportsListenerErrors {
  readonly name: string;
  readonly restoredIsolation: IsolationHandle | undefined;
  #settings: BreakerSettings;
  readonly #environment: BreakerEnvironment;
  readonly #followers: Followers;
  readonly #admission: Admission;
  readonly #runner: CallRunner;
  /** Made with the first isolation. */
  #isolation: Isolation | undefined;
  #shutDown = false;

  constructor(options: ResolvedBreakerOptions) {
    const { settings } = options;
    this.name = settings.name;
    this.#settings = settings;
    const environment = this.#onMonotonicTime(options.environment);
    const followers = new Followers(this);
    const admission = new Admission({ settings, environment, followers });
    this.#environment = environment;
    this.#followers = followers;
    this.#admission = admission;
    this.#runner = new CallRunner({ settings, environment, admission, followers, reporter: this });
    this.restoredIsolation = this.#restore(options);
    if (createdChannel.hasSubscribers) createdChannel.publish({ name: this.name, options: settings, instance: this });
    followers.tell();
  }

  /** The clock of the process never goes back by itself; of any other we make sure. */
  #onMonotonicTime(environment: BreakerEnvironment): BreakerEnvironment {
    if (environment.clock === systemClock) return environment;
    const report = (error: unknown): void => {
      deliverListenerError({ name: this.name, handler: environment.onListenerError }, error);
    };
    return { ...environment, clock: new MonotonicClock(environment.clock, report) };
  }

  get state(): State {
    return this.#admission.state;
  }
  get epoch(): number {
    return this.#admission.epoch;
  }
  get failureRatio(): number {
    const { tally } = this.#admission.machine;
    tally.window?.evict(this.now());
    return ratio(tally.failures, tally.calls);
  }
  get retryAfterMs(): number {
    return this.#admission.machine.openRemainingMs(this.now());
  }

  execute<T, F>(fn: Call<T> | SignaledCall<T>, options?: ExecuteOptions | FallbackOptions<F>): Promise<T | F> {
    if (options !== undefined) return this.#executeWith<T, F>(fn, options);
    const permit = this.tryAcquire();
    return permit === 0 ? refused(this.#refusal()) : this.#runner.run<T>(fn, permit, undefined);
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
    const permit = this.#admission.acquireAtOnce();
    return permit === 0 ? this.#tryAcquireByDecision() : permit;
  }

  #tryAcquireByDecision(): Permit | 0 {
    const permit = this.#runner.acquire();
    if (permit === 0 && !this.#shutDown) countRefusal(this.#admission, this.#settings);
    this.#followers.followEdges();
    return permit;
  }

  success(permit: Permit, startedAtMs?: number): boolean {
    const isSettled = startedAtMs === undefined && this.#admission.successAtOnce(permit, Number.NaN);
    return isSettled || this.#runner.success(permit, startedAtMs);
  }

  failure(permit: Permit, startedAtMs?: number, error?: unknown): boolean {
    return this.#runner.settle(permit, { verdict: 'failure', startedAtMs, error });
  }

  release(permit: Permit): boolean {
    return this.#runner.settle(permit, { verdict: 'ignore' });
  }

  now(): number {
    return this.#environment.clock.now();
  }

  ready(options: ReadyOptions = {}): Promise<Permit> {
    if (this.#shutDown) return Promise.reject(new BreakerShutDownError({ breaker: this.name }));
    if (options.signal?.aborted === true) {
      return Promise.reject(abortedError(`waiting for breaker "${this.name}"`, options.signal));
    }
    const permit = this.#followers.waiting === 0 ? this.#runner.acquire() : 0;
    const ready = permit === 0 ? this.#wait(options) : Promise.resolve(permit);
    this.#followers.tell();
    return ready;
  }

  #wait(options: ReadyOptions): Promise<Permit> {
    const { name, maxWaiters } = this.#settings;
    return this.#followers.wait(options, { name, maxWaiters, timers: this.#environment.timers, gate: this.#runner });
  }

  isolate(reason: string): IsolationHandle {
    const handle = this.#isolating.hold(reason);
    this.#admission.isolate(reason);
    this.#followers.follow();
    return handle;
  }

  setMode(mode: Mode): void {
    this.#admission.setMode(mode);
    this.#followers.follow();
  }

  reset(): void {
    this.#admission.reset();
    this.#followers.follow();
  }

  suggestOpen(forMs: number, reason: string): void {
    if (!(forMs > 0)) {
      const issues = [{ path: 'forMs', problem: `must be above 0, is ${String(forMs)}` }];
      throw new BreakerOptionsError({ breaker: this.name, issues });
    }
    this.#admission.suggestOpen(forMs, reason);
    this.#followers.follow();
  }

  update(patch: BreakerPatch): void {
    this.#settings = patchSettings(this.#settings, patch);
    this.#admission.update(this.#settings);
    this.#runner.update(this.#settings, patch.classify);
    this.#followers.follow();
  }

  onTransition(listener: (event: TransitionEvent) => void): Disposable {
    return this.#followers.listen(listener);
  }

  stats(): BreakerStats {
    return breakerStats({
      admission: this.#admission,
      waiters: this.#followers.waiting,
      latency: this.#runner.latency,
      probeLatency: this.#runner.probeLatency,
      nowMs: this.now(),
    });
  }

  snapshot(): BreakerSnapshot {
    const { window } = this.#admission.machine.tally;
    return { stats: this.stats(), settings: this.#settings, buckets: window?.buckets(this.now()) ?? [] };
  }

  exportState(): BreakerStateV1 {
    const parts = { name: this.name, machine: this.#admission.machine, isolatedFor: this.#isolation?.reason };
    return exportState(parts, { nowMs: this.now(), unixMs: this.#environment.wallClock() });
  }

  close(): Promise<void> {
    if (!this.#shutDown) {
      this.#shutDown = true;
      this.#admission.shutDown();
      this.#followers.shutDown();
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
    deliverListenerError({ name: this.name, handler: this.#environment.onListenerError }, error);
  }

  get #isolating(): Isolation {
    this.#isolation ??= new Isolation(({ resume }) => {
      this.#admission.endIsolation(resume ?? 'closed');
      this.#followers.follow();
    });
    return this.#isolation;
  }

  #refusal(): Error {
    if (this.#shutDown) return new BreakerShutDownError({ breaker: this.name });
    return refusalError(this.#admission, this.#settings, this.#isolation?.reason ?? '');
  }

  #refuse<F>(fallback: FallbackOptions<F> | undefined): Promise<F> {
    const error = this.#refusal();
    if (fallback === undefined || this.#shutDown) return refused(error);
    return fallBack(fallback, { breaker: this.name, error, refused: true });
  }

  #orFallBack<T, F>(call: Promise<T>, fallback: FallbackOptions<F>): Promise<T | F> {
    return call.catch((error: unknown) => {
      if (fallback.signal?.aborted === true) throw error;
      return fallBack(fallback, { breaker: this.name, error, refused: false });
    });
  }

  /** Takes up a saved state; answers the handle of an isolation that was in force. */
  #restore({ restore, restoreIsolation }: ResolvedBreakerOptions): IsolationHandle | undefined {
    if (restore === undefined || restore === null) return undefined;
    const unixMs = this.#environment.wallClock();
    const limits = { name: this.name, maxOpenMs: this.#settings.open.maxMs, unixMs };
    const saved = restoredState(restore, limits);
    if (typeof saved === 'string') {
      if (restoreInvalidChannel.hasSubscribers) restoreInvalidChannel.publish({ name: this.name, problem: saved });
      return undefined;
    }
    const isolatedFor = restoreIsolation ? saved.isolatedFor : undefined;
    const handle = isolatedFor === undefined ? undefined : this.#isolating.hold(isolatedFor);
    this.#admission.restore({ ...saved, isolatedFor });
    return handle;
  }
}
