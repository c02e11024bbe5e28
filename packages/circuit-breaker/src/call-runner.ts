/**
 * Runs admitted calls and records how they end.
 *
 * The plain way, of a closed breaker that measures nothing, is kept short on purpose: the two handlers of a promise are made
 * once per epoch and close over it, and nothing else is allocated. All other calls carry a ticket.
 */
import type { Timers } from '@busbar/retry';

import type { Admission } from './admission.ts';
import { Classifier, type Classify, type FailedCall, type Verdict } from './classify.ts';
import { probeChannel } from './diagnostics.ts';
import { BreakerTimeoutError } from './errors.ts';
import { InFlight } from './in-flight.ts';
import { LatencyHistogram, type LatencySummary, RareLatency } from './latency-histogram.ts';
import { runLimited } from './limited-call.ts';
import type { MonotonicClock } from './monotonic-clock.ts';
import type { BreakerSettings } from './options.ts';
import type { Permit } from './permit.ts';
import { adopted, type AnyCall, isExactPromise, isPrimitive, rejected, resolved } from './protected-function.ts';
import type { BreakerCounters } from './stats.ts';
import { type Reactions, Ticket, type TicketEnds, TicketPool } from './ticket.ts';

export interface RunnerParts {
  readonly settings: BreakerSettings;
  readonly classify: Classify;
  /** For a classifier that throws. */
  readonly report: (error: unknown) => void;
  readonly admission: Admission;
  readonly counters: BreakerCounters;
  readonly clock: MonotonicClock;
  readonly timers: Timers;
  /** What follows a settlement: permits for those who wait, news for those who listen. */
  readonly after: () => void;
}

/** What the permit API tells of a call that it made itself. */
export interface ManualEnding {
  readonly verdict: Verdict;
  readonly startedAtMs?: number | undefined;
  readonly error?: unknown;
}

const SUCCESS: ManualEnding = { verdict: 'success' };

interface PlainReactions extends Reactions {
  readonly permit: Permit;
}

export class CallRunner implements TicketEnds {
  readonly #parts: RunnerParts;
  readonly #admission: Admission;
  readonly #clock: MonotonicClock;
  readonly #pool: TicketPool;
  readonly #inFlight: InFlight;
  readonly #latency: LatencyHistogram | undefined;
  #probeLatency: RareLatency | undefined;
  #settings: BreakerSettings;
  #classifier: Classifier;
  #reactions: PlainReactions | undefined;
  /** The duration of every call is wanted. */
  #measures = false;
  #marksOverdue = false;
  /** When calls were last looked at for being overdue. */
  #markedAtMs = 0;

  constructor(parts: RunnerParts) {
    const { settings, clock } = parts;
    this.#parts = parts;
    this.#admission = parts.admission;
    this.#clock = clock;
    this.#settings = settings;
    this.#classifier = new Classifier(parts.classify, parts.report);
    this.#pool = new TicketPool(this);
    this.#inFlight = new InFlight(settings.callTimeoutMs, { now: () => clock.now(), timers: parts.timers });
    if (settings.latency !== 'off') {
      this.#latency = new LatencyHistogram({
        rotateMs: settings.window.durationMs,
        cumulative: settings.latency === 'cumulative',
      });
    }
    this.update(settings, undefined);
  }

  /** Takes new settings, and a classifier if one is given. */
  update(settings: BreakerSettings, classify: Classify | undefined): void {
    this.#settings = settings;
    if (classify !== undefined) this.#classifier = new Classifier(classify, this.#parts.report);
    this.#reactions = undefined;
    this.#marksOverdue = settings.trip.countOverdue;
    this.#measures = settings.latency !== 'off' || settings.trip.slowMs > 0 || this.#classifier.isPresent;
  }

  get latency(): LatencySummary | undefined {
    return this.#latency?.summary(this.#clock.now());
  }
  get probeLatency(): LatencySummary | undefined {
    return this.#probeLatency?.summary();
  }

  /** Counts calls that have run for `trip.slowMs` as slow while they run; asked before each admission. */
  markOverdue(): void {
    if (!this.#marksOverdue) return;
    const nowMs = this.#clock.now();
    this.#markedAtMs = nowMs;
    const sinceMs = nowMs - this.#settings.trip.slowMs;
    let ticket = this.#inFlight.nextOverdue(sinceMs);
    while (ticket !== undefined) {
      ticket.overdue = this.#admission.countOverdue(ticket.permit, nowMs);
      ticket = this.#inFlight.nextOverdue(sinceMs);
    }
  }

  run<T>(fn: AnyCall<T>, permit: Permit, signal: AbortSignal | undefined): Promise<T> {
    const reactions = this.#reactions;
    if (signal === undefined && reactions?.permit === permit) return this.#react(fn, undefined, reactions);
    if (this.#settings.callTimeoutMs > 0) return this.#runLimited(fn, permit, signal);
    if (signal === undefined && this.#isPlain) return this.#react(fn, undefined, this.#reactionsOf(permit));
    const ticket = this.#begin(this.#pool.take(), permit, signal);
    if (this.#marksOverdue) this.#inFlight.add(ticket);
    return this.#react(fn, signal, ticket);
  }

  /** Without a time limit: nothing can end a synchronous call from outside. */
  runSync<T>(fn: () => T, permit: Permit): T {
    const reactions = this.#isPlain ? this.#reactionsOf(permit) : this.#begin(this.#pool.take(), permit);
    let result: T;
    try {
      result = fn();
    } catch (error) {
      reactions.record(error);
      throw error;
    }
    return reactions.onResult(result);
  }

  /** Neither is anything measured nor is the call a probe. */
  get #isPlain(): boolean {
    return !this.#measures && this.#admission.machine.state !== 'half-open';
  }

  #runLimited<T>(fn: AnyCall<T>, permit: Permit, signal: AbortSignal | undefined): Promise<T> {
    const { name: breaker, callTimeoutMs: limitMs } = this.#settings;
    const ticket = this.#begin(new Ticket(this), permit, signal);
    this.#inFlight.add(ticket);
    return runLimited(fn, ticket, {
      breaker,
      limitMs,
      ends: this,
      onTimeUp: (error) => {
        this.#parts.counters.timeouts += 1;
        this.#stop(ticket);
        this.#end(ticket, 'failure', error);
      },
      onLate: () => {
        this.#parts.counters.late += 1;
      },
    });
  }

  #react<T>(fn: AnyCall<T>, signal: AbortSignal | undefined, reactions: Reactions): Promise<T> {
    let result: T | PromiseLike<T>;
    try {
      result = fn(signal);
      if (isExactPromise(result)) return result.then(reactions.onResult, reactions.onError);
    } catch (error) {
      reactions.record(error);
      return rejected(error);
    }
    if (!isPrimitive(result)) return adopted(result).then(reactions.onResult, reactions.onError);
    reactions.onResult(result);
    return resolved(result);
  }

  #begin(ticket: Ticket, permit: Permit, signal?: AbortSignal): Ticket {
    const { callTimeoutMs } = this.#settings;
    ticket.permit = permit;
    ticket.signal = signal;
    ticket.probe = permit === this.#admission.epoch && this.#admission.machine.state === 'half-open';
    if (this.#marksOverdue) ticket.startedAtMs = this.#markedAtMs;
    else if (this.#measures || callTimeoutMs > 0 || ticket.probe) ticket.startedAtMs = this.#clock.now();
    return ticket;
  }

  /** The reactions of a call that is not measured: made once per epoch. */
  #reactionsOf(permit: Permit): PlainReactions {
    if (this.#reactions?.permit !== permit) this.#reactions = this.#newReactions(permit);
    return this.#reactions;
  }

  #newReactions(permit: Permit): PlainReactions {
    const { admission, after } = this.#parts;
    const record = (error: unknown): void => {
      const verdict = this.#classifier.error(error, 0, undefined);
      admission.settle({ permit, verdict, slow: false, overdue: false, endedAtMs: Number.NaN, error });
      after();
    };
    return {
      permit,
      record,
      onResult: (result) => {
        if (!admission.successAtOnce(permit)) this.settle(permit, SUCCESS);
        return result;
      },
      onError: (error) => {
        record(error);
        throw error;
      },
    };
  }

  /** The verdict on an error: a call that ran into the breaker's own time limit failed, whatever a classifier would say. */
  judge({ error, durationMs, signal }: FailedCall): Verdict {
    if (error instanceof BreakerTimeoutError && error.details.breaker === this.#settings.name) return 'failure';
    return this.#classifier.error(error, durationMs, signal);
  }

  /** Settles a ticket by the result of its call. */
  result(ticket: Ticket, result: unknown): void {
    const durationMs = this.#stop(ticket);
    this.#end(ticket, this.#classifier.result(result, durationMs), undefined);
  }

  /** Settles a ticket by what its call threw. */
  error(ticket: Ticket, error: unknown): void {
    const durationMs = this.#stop(ticket);
    this.#end(ticket, this.#classifier.error(error, durationMs, ticket.signal), error);
  }

  /** The short way of `settle` for a success. */
  success(permit: Permit, startedAtMs: number | undefined): boolean {
    const isMeasured = startedAtMs !== undefined && this.#measures;
    if (!isMeasured && this.#admission.successAtOnce(permit)) return true;
    return this.settle(permit, { verdict: 'success', startedAtMs });
  }

  /** Settles a permit of a call that somebody made on their own. False: it decided nothing. */
  settle(permit: Permit, { verdict, startedAtMs, error }: ManualEnding): boolean {
    const ticket = this.#pool.take();
    ticket.permit = permit;
    ticket.startedAtMs = startedAtMs ?? Number.NaN;
    ticket.probe = permit === this.#admission.epoch && this.#admission.machine.state === 'half-open';
    this.#stop(ticket);
    return this.#end(ticket, verdict, error);
  }

  /** Takes the time; answers the duration, 0 if nobody wants to know it. */
  #stop(ticket: Ticket): number {
    if (Number.isNaN(ticket.startedAtMs)) return 0;
    const { slowMs } = this.#settings.trip;
    const nowMs = this.#clock.now();
    const durationMs = Math.max(0, nowMs - ticket.startedAtMs);
    ticket.endedAtMs = nowMs;
    ticket.slow = slowMs > 0 && durationMs >= slowMs;
    this.#latency?.record(durationMs, nowMs);
    if (ticket.probe && this.#latency !== undefined) {
      this.#probeLatency ??= new RareLatency(this.#settings.latency === 'cumulative');
      this.#probeLatency.record(durationMs);
    }
    return durationMs;
  }

  #end(ticket: Ticket, verdict: Verdict, error: unknown): boolean {
    this.#inFlight.remove(ticket);
    ticket.verdict = verdict;
    ticket.error = error;
    const counted = this.#admission.settle(ticket);
    if (ticket.probe && counted && probeChannel.hasSubscribers) {
      const durationMs = ticket.endedAtMs - ticket.startedAtMs;
      probeChannel.publish({
        name: this.#settings.name,
        verdict,
        ...(!Number.isNaN(durationMs) && { durationMs }),
      });
    }
    if (ticket.onTimeUp === undefined) this.#pool.give(ticket);
    this.#parts.after();
    return counted;
  }
}
