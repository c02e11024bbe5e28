/**
 * Holds calls while the breaker refuses them, and drains them in order when it lets them through again.
 *
 * The first held call waits in `breaker.ready()`: it *is* the probe. A queue that held back the very call that should have
 * probed would never recover by itself. Each held call is settled once, with its real result or with an error, never with
 * "queued"; what `outcome` of a call says has happened to nobody else.
 */
import { outcomeOf } from '@busbar/errors';
import { nextDelayMs, sleep, type Timers } from '@busbar/retry';

import type { Breaker } from '../breaker.ts';
import { verdictOn } from '../classify.ts';
import { type DeadReason, dequeuedChannel, queuedChannel } from '../diagnostics.ts';
import { abortedError, BreakerQueueFullError, BreakerQueueTimeoutError, BreakerShutDownError } from '../errors.ts';
import { LatencyHistogram } from '../latency-histogram.ts';
import type { Permit } from '../permit.ts';
import type { DeadLetter, DeadLetterStore } from './dead-letters.ts';
import type { DegradeSettings, HoldSettings } from './degrade-options.ts';
import { HeldCall } from './held-call.ts';
import { HoldQueue } from './hold-queue.ts';

/** Between two tries of a call that says nothing about the dependency, or that fails though the breaker lets it through. */
const RETRY = { baseMs: 100, factor: 2, maxMs: 5_000, jitter: 'full' } as const;

export interface HoldCounters {
  enqueued: number;
  drained: number;
  queueFull: number;
  aborted: number;
}

export interface HoldingParts<P, T> {
  readonly breaker: Breaker;
  readonly settings: DegradeSettings<P, T>;
  readonly hold: HoldSettings<P>;
  readonly letters: DeadLetterStore<P>;
}

export interface Submission<P> {
  readonly payload: P;
  readonly key: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly replay: boolean;
}

export class Holding<P, T> {
  readonly counters: HoldCounters = { enqueued: 0, drained: 0, queueFull: 0, aborted: 0 };
  readonly waits: LatencyHistogram;
  readonly queue = new HoldQueue<HeldCall<P, T>>();
  readonly #parts: HoldingParts<P, T>;
  readonly #breaker: Breaker;
  readonly #hold: HoldSettings<P>;
  readonly #timers: Timers;
  #draining = 0;
  #expiryTimer: unknown;
  #onEmpty: (() => void) | undefined;

  constructor(parts: HoldingParts<P, T>) {
    this.#parts = parts;
    this.#breaker = parts.breaker;
    this.#hold = parts.hold;
    this.#timers = parts.settings.timers;
    this.waits = new LatencyHistogram({ rotateMs: 10_000, cumulative: true });
  }

  /**
   * Puts a call at the tail; its promise settles with the result or with an error.
   * @throws {@link BreakerQueueFullError} when there is no room: the caller still has the payload
   */
  hold({ payload, key, signal, replay }: Submission<P>): Promise<T> {
    const { queue } = this;
    const { maxCalls, maxBytes, sizeOf } = this.#hold;
    const bytes = sizeOf(payload);
    const limit = queue.size >= maxCalls ? maxCalls : maxBytes;
    if (queue.size >= maxCalls || queue.bytes + bytes > maxBytes) {
      this.counters.queueFull += 1;
      throw new BreakerQueueFullError({ breaker: this.#breaker.name, limit });
    }
    return new Promise((resolve, reject) => {
      const enqueuedAtMs = this.#breaker.now();
      const onAbort = (call: HeldCall<P, T>): void => {
        this.#abort(call);
      };
      this.#add(new HeldCall<P, T>({ payload, key, bytes, signal, replay, enqueuedAtMs, resolve, reject, onAbort }));
    });
  }

  #add(call: HeldCall<P, T>): void {
    const { queue } = this;
    queue.push(call);
    this.counters.enqueued += 1;
    if (queuedChannel.hasSubscribers) {
      queuedChannel.publish({ name: this.#breaker.name, depth: queue.size, bytes: queue.bytes });
    }
    if (this.#expiryTimer === undefined) this.#armExpiry(this.#hold.maxWaitMs);
    this.drain();
  }

  keyOf(payload: P): string | undefined {
    return this.#hold.orderKey?.(payload);
  }

  /** Starts as many held calls as may run. */
  drain(): void {
    while (this.#draining < this.#hold.drainConcurrency) {
      const call = this.queue.take();
      if (call === undefined) return;
      this.#draining += 1;
      void this.#work(call).finally(() => {
        this.#draining -= 1;
        this.drain();
      });
    }
  }

  /** Tries a call until it is settled. Never rejects. */
  async #work(call: HeldCall<P, T>): Promise<void> {
    for (let tries = 1; !call.isSettled; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the tries of one call follow each other
      const permit = await this.#permit(call);
      if (permit === undefined) continue;
      // oxlint-disable-next-line no-await-in-loop -- the tries of one call follow each other
      await this.#run(call, permit);
      if (!call.isSettled) {
        // An open breaker makes the next try wait by itself; one that lets calls fail must not be hammered.
        // oxlint-disable-next-line no-await-in-loop -- the tries of one call follow each other
        if (this.#breaker.retryAfterMs === 0) await this.#pause(call, tries);
      }
    }
  }

  /** A permit for a call that is still held; `undefined`: look again. */
  async #permit(call: HeldCall<P, T>): Promise<Permit | undefined> {
    try {
      const permit = await this.#breaker.ready({ signal: call.settledSignal });
      if (!call.isSettled) return permit;
      this.#breaker.release(permit);
    } catch (error) {
      if (error instanceof BreakerShutDownError) this.#close(call);
      else await this.#pause(call, 1);
    }
    return undefined;
  }

  async #pause(call: HeldCall<P, T>, tries: number): Promise<void> {
    const delayMs = nextDelayMs(RETRY, { retry: tries, previousMs: RETRY.baseMs }, this.#parts.settings.random);
    await sleep(delayMs, { signal: call.settledSignal, timers: this.#timers }).catch(() => undefined);
  }

  async #run(call: HeldCall<P, T>, permit: Permit): Promise<void> {
    const { run } = this.#parts.settings;
    const { payload, replay, signal } = call;
    const startedAtMs = this.#breaker.now();
    const queuedMs = startedAtMs - call.enqueuedAtMs;
    call.isRunning = true;
    try {
      const result = await this.#breaker.execute((own) => run(payload, { signal: own, queuedMs, replay }), {
        permit,
        ...(signal !== undefined && { signal }),
      });
      this.#settle(call, { outcome: 'drained', result });
    } catch (error) {
      call.isRunning = false;
      const durationMs = this.#breaker.now() - startedAtMs;
      this.#decide(call, { error, durationMs });
    }
  }

  /** What a run that threw means for its call: it is over, or it stays and is tried again. */
  #decide(call: HeldCall<P, T>, { error, durationMs }: { error: unknown; durationMs: number }): void {
    if (call.signal?.aborted === true) {
      this.#settle(call, { outcome: 'aborted', error });
      return;
    }
    if (verdictOn(this.#breaker, { error, durationMs, signal: call.signal }) === 'success') {
      this.#settle(call, { outcome: 'rejected', error });
      return;
    }
    call.isAmbiguous ||= outcomeOf(error) === 'unknown';
    if (call.isAmbiguous && this.#hold.onUnknown === 'fail') this.#settle(call, { outcome: 'failed', error });
    else if (this.#isOverdue(call)) this.#expire(call);
  }

  #isOverdue(call: HeldCall<P, T>): boolean {
    return this.#breaker.now() - call.enqueuedAtMs >= this.#hold.maxWaitMs;
  }

  /** Tells all who are still held that they were not delivered; answers their letters. */
  closeRest(): readonly DeadLetter<P>[] {
    return Array.from(this.queue.held(), (call) => this.#close(call)).filter((letter) => letter !== undefined);
  }

  #close(call: HeldCall<P, T>): DeadLetter<P> | undefined {
    const init = call.isRunning || call.isAmbiguous ? { outcome: 'unknown' as const } : {};
    const error = new BreakerShutDownError({ breaker: this.#breaker.name }, init);
    return this.#settle(call, { outcome: 'closed', error });
  }

  /** Resolves when the last held call is settled. */
  whenEmpty(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Ends a call, unless that has happened; answers the letter that it leaves. */
  #settle(call: HeldCall<P, T>, end: Ending<T>): DeadLetter<P> | undefined {
    if (call.isSettled) return undefined;
    let letter: DeadLetter<P> | undefined;
    const nowMs = this.#breaker.now();
    const { outcome } = end;
    const waitedMs = nowMs - call.enqueuedAtMs;
    this.queue.settle(call);
    this.waits.record(waitedMs, nowMs);
    if (end.outcome === 'drained') {
      this.counters.drained += 1;
      call.succeed(end.result);
    } else {
      if (end.outcome === 'aborted') this.counters.aborted += 1;
      else letter = this.#bury(call, end.outcome, end.error);
      call.fail(end.outcome, end.error);
    }
    if (dequeuedChannel.hasSubscribers)
      dequeuedChannel.publish({ name: this.#breaker.name, waitedMs, result: outcome });
    this.#afterSettling();
    return letter;
  }

  #afterSettling(): void {
    if (this.queue.size === 0) {
      this.#disarmExpiry();
      this.#onEmpty?.();
    }
    this.drain();
  }

  /** A failed call is its caller's again, and leaves no letter; a replay has no other place for its payload. */
  #bury(call: HeldCall<P, T>, outcome: DeadReason | 'failed', error: unknown): DeadLetter<P> | undefined {
    const { payload, enqueuedAtMs, replay } = call;
    if (outcome === 'failed' && !replay) return undefined;
    const reason = outcome === 'failed' ? 'rejected' : outcome;
    const letter = { payload, error, reason, enqueuedAtMs, deadAtMs: this.#breaker.now() };
    this.#parts.letters.add(letter);
    return letter;
  }

  /** What waits is removed; what runs has the signal, and ends by itself. */
  #abort(call: HeldCall<P, T>): void {
    if (call.isRunning) return;
    const outcome = call.isAmbiguous ? 'unknown' : 'not-sent';
    const error = abortedError(`waiting for breaker "${this.#breaker.name}"`, call.signal, outcome);
    this.#settle(call, { outcome: 'aborted', error });
  }

  #expire(call: HeldCall<P, T>): void {
    const { maxWaitMs: limitMs } = this.#hold;
    const init = call.isAmbiguous ? { outcome: 'unknown' as const } : {};
    const error = new BreakerQueueTimeoutError({ breaker: this.#breaker.name, limitMs }, init);
    this.#settle(call, { outcome: 'expired', error });
  }

  /** Ends what has been held for too long. A call that runs is asked when its run is over. */
  #expireOverdue(): void {
    for (const call of this.queue.held()) {
      if (call.isRunning) continue;
      if (!this.#isOverdue(call)) {
        this.#armExpiry(call.enqueuedAtMs + this.#hold.maxWaitMs - this.#breaker.now());
        return;
      }
      this.#expire(call);
    }
  }

  #armExpiry(delayMs: number): void {
    this.#expiryTimer = this.#timers.set(() => {
      this.#expiryTimer = undefined;
      this.#expireOverdue();
    }, Math.ceil(delayMs));
  }

  #disarmExpiry(): void {
    if (this.#expiryTimer === undefined) return;
    this.#timers.clear(this.#expiryTimer);
    this.#expiryTimer = undefined;
  }
}

type Ending<T> =
  | { readonly outcome: 'drained'; readonly result: T }
  | { readonly outcome: 'failed' | 'rejected' | 'expired' | 'aborted' | 'closed'; readonly error: unknown };
