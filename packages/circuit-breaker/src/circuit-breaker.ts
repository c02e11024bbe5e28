/**
 * The shell around the state machine: admit → call → record → tell.
 *
 * The path of a call through a closed breaker is kept short on purpose: `execute` is no `async` function, the handlers of a
 * promise are made once per epoch and close over it, and nothing else is allocated.
 */
import { Admission } from './admission.ts';
import type { Breaker, Call, ExecuteOptions, ReadyOptions, SignaledCall } from './breaker.ts';
import { Classifier, type Verdict } from './classify.ts';
import { closedChannel, createdChannel, listenerErrorChannel, probeChannel, rejectedChannel } from './diagnostics.ts';
import {
  abortedError,
  BreakerIsolatedError,
  BreakerOpenError,
  BreakerOptionsError,
  type BreakerRefusal,
  BreakerShutDownError,
} from './errors.ts';
import { Isolation, type IsolationHandle } from './isolation.ts';
import { MonotonicClock } from './monotonic-clock.ts';
import {
  type BreakerOptions,
  type BreakerSettings,
  type ResolvedBreakerOptions,
  resolveBreakerOptions,
} from './options.ts';
import type { Permit } from './permit.ts';
import type { State } from './state-machine.ts';
import { type BreakerStats, newCounters } from './stats.ts';
import { TransitionListeners } from './transition-listeners.ts';
import type { TransitionEvent } from './transition.ts';
import { Waiters } from './waiters.ts';

/**
 * Creates a breaker. It starts closed and owns no timer until somebody waits in `ready()`.
 * @throws {@link BreakerOptionsError} with every problem of the options at once
 */
export const createBreaker = (options: BreakerOptions): Breaker => new CircuitBreaker(resolveBreakerOptions(options));

/** The two reactions to a promise of the protected function. */
interface Handlers {
  readonly permit: Permit;
  /** Records what was thrown. */
  readonly record: (error: unknown) => void;
  readonly onResult: <T>(result: T) => T;
  /** Rethrows what it is given. */
  readonly onError: (error: unknown) => never;
}

/**
 * A protected function of either overload of `execute`. The parameter is compared both ways, as that of a method is: whoever
 * passes a function that demands a signal has passed the signal, too.
 */
type AnyCall<T> = { call(signal: AbortSignal | undefined): T | PromiseLike<T> }['call'];

/** What is known about a call when it ends. */
interface Ending {
  readonly error?: unknown;
  /** Absent if nobody measured it. */
  readonly durationMs?: number | undefined;
}

const REJECTED = { open: 'rejectedOpen', 'probes-busy': 'rejectedProbesBusy', isolated: 'rejectedIsolated' } as const;

// oxlint-disable-next-line typescript/unbound-method -- compared, never called
const nativeThen = Promise.prototype.then;

/**
 * A promise whose handlers run once at most. A thenable may call back twice, a subclass may do what it likes, and reading
 * `then` may throw: all of these are resolved by the platform first.
 */
const isExactPromise = <T>(value: T | PromiseLike<T>): value is Promise<T> =>
  value instanceof Promise && value.constructor === Promise && value.then === nativeThen;

const isPrimitive = (value: unknown): boolean =>
  (typeof value !== 'object' && typeof value !== 'function') || value === null;

/** `Promise.resolve`, typed for a value that is known to be no thenable. */
function resolved<T>(value: T | PromiseLike<T>): Promise<T>;
function resolved(value: unknown): Promise<unknown> {
  return Promise.resolve(value);
}

/** `Promise.reject` for what was thrown, whatever it is. */
const rejected = (error: unknown): Promise<never> =>
  new Promise(() => {
    throw error;
  });

/** A promise of the platform that follows `value`, and settles once whatever the other does. */
const adopted = <T>(value: T | PromiseLike<T>): Promise<T> =>
  new Promise((resolve) => {
    resolve(value);
  });

/** A call that is not measured. */
const UNTIMED = -1;

class CircuitBreaker implements Breaker {
  readonly name: string;
  readonly #settings: BreakerSettings;
  readonly #clock: MonotonicClock;
  readonly #classifier: Classifier;
  readonly #onListenerError: (error: unknown) => void;
  readonly #listeners: TransitionListeners;
  readonly #admission: Admission;
  readonly #isolation: Isolation;
  readonly #waiters: Waiters;
  #handlers: Handlers | undefined;
  #shutDown = false;

  constructor(options: ResolvedBreakerOptions) {
    const { settings } = options;
    this.name = settings.name;
    this.#settings = settings;
    this.#onListenerError = options.onListenerError;
    const report = (error: unknown): void => {
      this.#report(error);
    };
    this.#clock = new MonotonicClock(options.clock, report);
    this.#classifier = new Classifier(options.classify, report);
    this.#listeners = new TransitionListeners(report);
    this.#admission = new Admission(settings, newCounters(), {
      now: () => this.#clock.now(),
      random: options.random,
      tell: (event) => {
        this.#listeners.push(event);
      },
    });
    this.#isolation = new Isolation(({ resume }) => {
      this.#admission.endIsolation(resume ?? 'closed');
      this.#after();
    });
    this.#waiters = new Waiters({
      name: this.name,
      maxWaiters: settings.maxWaiters,
      timers: options.timers,
      acquire: () => this.#admission.acquire(),
      refusedForMs: () => this.#admission.refusedForMs(this.#clock.now()),
      onWoken: () => {
        this.#listeners.flush();
      },
    });
    if (createdChannel.hasSubscribers) createdChannel.publish({ name: this.name, options: settings, instance: this });
  }

  get state(): State {
    return this.#admission.state;
  }

  get epoch(): number {
    return this.#admission.epoch;
  }

  get retryAfterMs(): number {
    return this.#admission.openRemainingMs(this.#clock.now());
  }

  execute<T>(fn: Call<T> | SignaledCall<T>, options?: ExecuteOptions): Promise<T> {
    const signal = options?.signal;
    const given = options?.permit;
    if (signal?.aborted === true) {
      if (given !== undefined) this.release(given);
      return Promise.reject(abortedError(`call through breaker "${this.name}"`, signal));
    }
    const permit = given ?? this.tryAcquire();
    if (permit === 0) return Promise.reject(this.#refusal());
    return this.#call(fn, permit, signal);
  }

  tryAcquire(): Permit | 0 {
    const permit = this.#admission.acquire();
    if (permit === 0) this.#refused();
    if (this.#listeners.pending) this.#after();
    return permit;
  }

  success(permit: Permit): boolean {
    return this.#settle(permit, 'success');
  }

  failure(permit: Permit, error?: unknown): boolean {
    return this.#settle(permit, 'failure', { error });
  }

  release(permit: Permit): boolean {
    return this.#settle(permit, 'ignore');
  }

  ready(options: ReadyOptions = {}): Promise<Permit> {
    if (this.#shutDown) return Promise.reject(new BreakerShutDownError({ breaker: this.name }));
    if (options.signal?.aborted === true) {
      return Promise.reject(abortedError(`waiting for breaker "${this.name}"`, options.signal));
    }
    const permit = this.#waiters.size === 0 ? this.#admission.acquire() : 0;
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

  reset(): void {
    this.#admission.reset();
    this.#after();
  }

  suggestOpen(forMs: number, reason: string): void {
    if (!(forMs > 0)) {
      throw new BreakerOptionsError({
        breaker: this.name,
        issues: [{ path: 'forMs', problem: `must be above 0, is ${String(forMs)}` }],
      });
    }
    this.#admission.suggestOpen(forMs, reason);
    this.#after();
  }

  onTransition(listener: (event: TransitionEvent) => void): Disposable {
    return this.#listeners.add(listener);
  }

  stats(): BreakerStats {
    const nowMs = this.#clock.now();
    const { state, automaticState, openCount, consecutiveFailures, inFlight } = this.#admission;
    const openRemainingMs = this.#admission.openRemainingMs(nowMs);
    return {
      ...this.#admission.counters,
      ...this.#admission.times.read(nowMs),
      state,
      automaticState,
      enforced: state === automaticState,
      probeDue: state === 'open' && openRemainingMs === 0,
      epoch: this.#admission.epoch,
      openCount,
      openRemainingMs,
      consecutiveFailures,
      waiters: this.#waiters.size,
      inFlight,
    };
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

  #call<T>(fn: AnyCall<T>, permit: Permit, signal: AbortSignal | undefined): Promise<T> {
    const handlers = this.#handlersFor(permit, signal);
    let result: T | PromiseLike<T>;
    try {
      result = fn(signal);
      if (isExactPromise(result)) return result.then(handlers.onResult, handlers.onError);
    } catch (error) {
      handlers.record(error);
      return rejected(error);
    }
    if (!isPrimitive(result)) return adopted(result).then(handlers.onResult, handlers.onError);
    handlers.onResult(result);
    return resolved(result);
  }

  /** Made once per epoch; a call is given its own pair only if it is measured or has a signal to be compared with. */
  #handlersFor(permit: Permit, signal: AbortSignal | undefined): Handlers {
    const timed = this.#classifier.present || this.#admission.automaticState === 'half-open';
    if (signal === undefined && !timed) {
      if (this.#handlers?.permit !== permit) this.#handlers = this.#newHandlers(permit, signal, UNTIMED);
      return this.#handlers;
    }
    return this.#newHandlers(permit, signal, timed ? this.#clock.now() : UNTIMED);
  }

  #newHandlers(permit: Permit, signal: AbortSignal | undefined, startedAtMs: number): Handlers {
    const spentMs = (): number | undefined => (startedAtMs === UNTIMED ? undefined : this.#clock.now() - startedAtMs);
    const record = (error: unknown): void => {
      const durationMs = spentMs();
      this.#settle(permit, this.#classifier.error(error, durationMs ?? 0, signal), { error, durationMs });
    };
    return {
      permit,
      record,
      onResult: (result) => {
        const durationMs = spentMs();
        this.#settle(permit, this.#classifier.result(result, durationMs ?? 0), { durationMs });
        return result;
      },
      onError: (error) => {
        record(error);
        throw error;
      },
    };
  }

  #settle(permit: Permit, verdict: Verdict, { error, durationMs }: Ending = {}): boolean {
    const probing = this.#admission.automaticState === 'half-open';
    const counted = this.#admission.settle(permit, verdict, error);
    if (probing && counted && probeChannel.hasSubscribers) {
      probeChannel.publish({ name: this.name, verdict, ...(durationMs !== undefined && { durationMs }) });
    }
    if (this.#waiters.size > 0 || this.#listeners.pending) this.#after();
    return counted;
  }

  /** What follows a change: permits for those who wait, and then the news for those who listen. */
  #after(): void {
    if (this.#waiters.size > 0) this.#waiters.wake();
    this.#listeners.flush();
  }

  /** Counts and publishes a refusal. */
  #refused(): void {
    if (this.#shutDown) return;
    const { refusal, counters } = this.#admission;
    counters[REJECTED[refusal]] += 1;
    if (rejectedChannel.hasSubscribers) {
      const { breaker: name, state, reason, retryAfterMs } = this.#refusalDetails();
      rejectedChannel.publish({ name, state, reason, retryAfterMs });
    }
  }

  #refusalDetails(): BreakerRefusal {
    const { state, refusal, openCount } = this.#admission;
    const waitMs = this.#admission.refusedForMs(this.#clock.now());
    const retryAfterMs = Number.isFinite(waitMs) ? waitMs : 0;
    return { breaker: this.name, state, reason: refusal, retryAfterMs, openCount };
  }

  #refusal(): Error {
    if (this.#shutDown) return new BreakerShutDownError({ breaker: this.name });
    const details = this.#refusalDetails();
    const init = { captureStack: this.#settings.captureStack };
    const because = this.#isolation.reason;
    return details.reason === 'isolated' && because !== undefined
      ? new BreakerIsolatedError({ ...details, because }, init)
      : new BreakerOpenError(details, init);
  }

  /** For what listeners, classifiers and clocks throw: it must reach somebody, and never the protected call. */
  #report(error: unknown): void {
    if (listenerErrorChannel.hasSubscribers) listenerErrorChannel.publish({ name: this.name, error });
    try {
      this.#onListenerError(error);
    } catch (second) {
      process.emitWarning(second instanceof Error ? second : String(second), 'CircuitBreakerListenerWarning');
    }
  }
}
