/**
 * What becomes of a call that the breaker refuses: it fails at once, it is done another way, or it is held.
 *
 * Holding is for those who have nowhere durable to put their calls, and is off by default: memory dies with the process.
 */
import { sleep } from '@busbar/retry';

import type { Breaker } from '../breaker.ts';
import { verdictOn } from '../classify.ts';
import { abortedError, BreakerShutDownError, CallRejectedError } from '../errors.ts';
import { fallBack } from '../fallback.ts';
import { LatencyHistogram, type LatencySummary } from '../latency-histogram.ts';
import { type DeadLetter, type DeadLetterCounters, DeadLetterStore } from './dead-letters.ts';
import {
  type DegradeOptions,
  type DegradeSettings,
  resolveDegradeOptions,
  type WhenRefused,
} from './degrade-options.ts';
import { type HoldCounters, Holding } from './holding.ts';

export interface SubmitOptions {
  /** Removes a call that is held; a running one gets it. */
  readonly signal?: AbortSignal;
}

export interface ReplayOptions<P> {
  /** Default: every letter. */
  readonly filter?: (letter: DeadLetter<P>) => boolean;
  /** Default: all at once. */
  readonly maxPerSecond?: number;
}

export interface ReplayReport {
  readonly replayed: number;
  /** Their payloads are dead letters again. */
  readonly failed: number;
}

export interface DeadLetters<P> {
  /** Oldest first. */
  list(): readonly DeadLetter<P>[];
  /** False: it is not there, or no longer. */
  remove(letter: DeadLetter<P>): boolean;
  /** Puts payloads at the tail of the queue; resolves when each of them is settled. */
  replay(options?: ReplayOptions<P>): Promise<ReplayReport>;
}

export interface DegraderStats extends Readonly<HoldCounters>, Readonly<DeadLetterCounters> {
  /** Calls held, the running ones included. */
  readonly queued: number;
  readonly queuedBytes: number;
  readonly diverted: number;
  readonly divertFailed: number;
  /** Letters kept now. */
  readonly deadLetters: number;
  readonly replayed: number;
  readonly replayFailed: number;
  /** From joining the queue to being settled. */
  readonly queueWaitMs: LatencySummary;
  /** Of letters, when they were replayed. */
  readonly deadLetterAgeMs: LatencySummary;
}

export interface CloseReport<P> {
  /** Calls that were delivered while closing. */
  readonly drained: number;
  /** What the deadline cut off; its callers have been told. */
  readonly undelivered: readonly DeadLetter<P>[];
}

export interface Degrader<P, T> extends AsyncDisposable {
  /**
   * Settles with the real result or with an error, never with "held".
   * @throws {@link BreakerOpenError} and the other refusals, when calls fail fast
   * @throws {@link BreakerFallbackError} when the diversion threw
   * @throws {@link BreakerQueueFullError} when no more calls can be held
   * @throws {@link BreakerQueueTimeoutError} when the call was held for `maxWaitMs`
   * @throws {@link AbortedError} when the signal is aborted before the call runs
   * @throws {@link BreakerShutDownError} after `close()`, or when its deadline passed first; outcome `unknown` if it ran
   */
  submit(payload: P, options?: SubmitOptions): Promise<T>;
  readonly deadLetters: DeadLetters<P>;
  stats(): DegraderStats;
  /** Takes no more calls, drains until the deadline, and tells the rest. Default: 30_000 ms. Idempotent. */
  close(options?: { readonly deadlineMs?: number }): Promise<CloseReport<P>>;
}

/** @throws {@link BreakerOptionsError} with every problem of the options */
export const createDegrader = <P, T>(breaker: Breaker, options: DegradeOptions<P, T>): Degrader<P, T> =>
  new CallDegrader(breaker, resolveDegradeOptions(breaker.name, options));

const DEADLINE_MS = 30_000;

type Divert<P, T> = Extract<WhenRefused<P, T>, { readonly kind: 'divert' }>;

class CallDegrader<P, T> implements Degrader<P, T> {
  readonly deadLetters: DeadLetters<P>;
  readonly #breaker: Breaker;
  readonly #settings: DegradeSettings<P, T>;
  readonly #letters: DeadLetterStore<P>;
  readonly #holding: Holding<P, T> | undefined;
  readonly #letterAges: LatencyHistogram;
  readonly #counters = { diverted: 0, divertFailed: 0, replayed: 0, replayFailed: 0 };
  #closing: Promise<CloseReport<P>> | undefined;

  constructor(breaker: Breaker, settings: DegradeSettings<P, T>) {
    const { whenRefused } = settings;
    const letters = new DeadLetterStore(breaker, settings.deadLetters);
    this.#breaker = breaker;
    this.#settings = settings;
    this.#letters = letters;
    this.#letterAges = new LatencyHistogram({ rotateMs: 10_000, cumulative: true });
    if (whenRefused.kind === 'queue') {
      this.#holding = new Holding({ breaker, settings, hold: whenRefused.hold, letters });
    }
    this.deadLetters = {
      list: () => letters.list(),
      remove: (letter) => letters.remove(letter),
      replay: (options = {}) => this.#replay(options),
    };
  }

  async submit(payload: P, { signal }: SubmitOptions = {}): Promise<T> {
    if (this.#closing !== undefined) throw new BreakerShutDownError({ breaker: this.#breaker.name });
    if (signal?.aborted === true) throw abortedError(`call through breaker "${this.#breaker.name}"`, signal);
    const { whenRefused } = this.#settings;
    if (this.#holding !== undefined) return this.#runOrHold(this.#holding, payload, signal);
    return whenRefused.kind === 'divert' ? this.#runOrDivert(whenRefused, payload, signal) : this.#run(payload, signal);
  }

  #run(payload: P, signal: AbortSignal | undefined): Promise<T> {
    return this.#breaker.execute(
      (own) => this.#settings.run(payload, { signal: own, queuedMs: 0, replay: false }),
      signal === undefined ? {} : { signal },
    );
  }

  async #runOrDivert(how: Divert<P, T>, payload: P, signal: AbortSignal | undefined): Promise<T> {
    const startedAtMs = this.#breaker.now();
    let refused = true;
    try {
      const options = signal === undefined ? {} : { signal };
      return await this.#breaker.execute((own) => {
        refused = false;
        return this.#settings.run(payload, { signal: own, queuedMs: 0, replay: false });
      }, options);
    } catch (error) {
      const durationMs = this.#breaker.now() - startedAtMs;
      const applies = refused
        ? error instanceof CallRejectedError
        : how.alsoFailed && verdictOn(this.#breaker, { error, durationMs, signal }) === 'failure';
      if (!applies) throw error;
      return this.#divert(how, payload, { error, refused });
    }
  }

  async #divert(how: Divert<P, T>, payload: P, { error, refused }: { error: unknown; refused: boolean }): Promise<T> {
    const fallback = { fallback: () => how.divert(payload, error) };
    try {
      const result = await fallBack(fallback, { breaker: this.#breaker.name, error, refused });
      this.#counters.diverted += 1;
      return result;
    } catch (failure) {
      this.#counters.divertFailed += 1;
      throw failure;
    }
  }

  /** Sticky: while anything is held, what comes later goes behind it, whatever the breaker says. */
  async #runOrHold(holding: Holding<P, T>, payload: P, signal: AbortSignal | undefined): Promise<T> {
    const { queue } = holding;
    const key = holding.keyOf(payload);
    const later = { payload, key, signal, replay: false };
    if (queue.size > 0 || (key !== undefined && !queue.claim(key))) return holding.hold(later);
    const permit = this.#breaker.tryAcquire();
    if (permit === 0) {
      if (key !== undefined) queue.release(key);
      return holding.hold(later);
    }
    const { run } = this.#settings;
    try {
      return await this.#breaker.execute((own) => run(payload, { signal: own, queuedMs: 0, replay: false }), {
        permit,
        ...(signal !== undefined && { signal }),
      });
    } finally {
      if (key !== undefined) queue.release(key);
      holding.drain();
    }
  }

  async #replay({
    filter = () => true,
    maxPerSecond = Number.POSITIVE_INFINITY,
  }: ReplayOptions<P>): Promise<ReplayReport> {
    const gapMs = 1_000 / maxPerSecond;
    const outcomes: Promise<boolean>[] = [];
    for (const letter of this.#letters.list().filter((one) => filter(one))) {
      // oxlint-disable-next-line no-await-in-loop -- the gaps between replays are meant to follow each other
      if (gapMs > 0 && outcomes.length > 0) await sleep(gapMs, { timers: this.#settings.timers });
      if (this.#holding !== undefined && this.#closing === undefined && this.#letters.remove(letter)) {
        outcomes.push(this.#replayOne(this.#holding, letter));
      }
    }
    const replayed = (await Promise.all(outcomes)).filter((wasReplayed) => wasReplayed).length;
    return { replayed, failed: outcomes.length - replayed };
  }

  /** Never rejects: a payload that could not be delivered is a letter again. */
  async #replayOne(holding: Holding<P, T>, letter: DeadLetter<P>): Promise<boolean> {
    const nowMs = this.#breaker.now();
    this.#letterAges.record(nowMs - letter.deadAtMs, nowMs);
    let delivery: Promise<T>;
    try {
      const { payload } = letter;
      delivery = holding.hold({ payload, key: holding.keyOf(payload), signal: undefined, replay: true });
    } catch {
      this.#letters.putBack(letter); // there was no room for it: the letter stays what it was
      this.#counters.replayFailed += 1;
      return false;
    }
    return delivery.then(
      () => {
        this.#counters.replayed += 1;
        return true;
      },
      () => {
        this.#counters.replayFailed += 1;
        return false;
      },
    );
  }

  stats(): DegraderStats {
    const nowMs = this.#breaker.now();
    const holding = this.#holding;
    const deadLetters = this.#letters.list().length;
    return {
      ...(holding?.counters ?? NOTHING_HELD),
      ...this.#letters.counters,
      ...this.#counters,
      queued: holding?.queue.size ?? 0,
      queuedBytes: holding?.queue.bytes ?? 0,
      deadLetters,
      queueWaitMs: holding?.waits.summary(nowMs) ?? NO_WAITS,
      deadLetterAgeMs: this.#letterAges.summary(nowMs),
    };
  }

  close({ deadlineMs = DEADLINE_MS }: { readonly deadlineMs?: number } = {}): Promise<CloseReport<P>> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(deadlineMs: number): Promise<CloseReport<P>> {
    const holding = this.#holding;
    if (holding === undefined) return { drained: 0, undelivered: [] };
    const before = holding.counters.drained;
    if (holding.queue.size > 0 && deadlineMs > 0) {
      const done = new AbortController();
      const deadline = sleep(deadlineMs, { signal: done.signal, timers: this.#settings.timers }).catch(() => undefined);
      await Promise.race([holding.whenEmpty(), deadline]);
      done.abort();
    }
    const undelivered = holding.closeRest();
    return { drained: holding.counters.drained - before, undelivered };
  }
}

const NOTHING_HELD: HoldCounters = { enqueued: 0, drained: 0, queueFull: 0, aborted: 0 };
const NO_WAITS: LatencySummary = { count: 0, sum: 0, p50: 0, p95: 0, p99: 0, max: 0 };
