/**
 * Runs admitted calls and records how they end.
 *
 * The plain way, of a closed breaker that measures nothing, is kept short on purpose: the two handlers of a promise are made
 * once per epoch and close over it, and nothing else is allocated. All other calls carry a ticket.
 */
import type { Admission } from './admission.ts';
import { Classifier, type Classify, type FailedCall, plainVerdict, type Verdict } from './classify.ts';
import { probeChannel } from './diagnostics.ts';
import { BreakerTimeoutError } from './errors.ts';
import type { Followers } from './followers.ts';
import { InFlight } from './in-flight.ts';
import { LatencyHistogram, type LatencySummary, RareLatency } from './latency-histogram.ts';
import { LimitedCall, type LimitedEnds } from './limited-call.ts';
import { REPORT_LISTENER_ERROR, type ReportsListenerErrors } from './listener-errors.ts';
import type { BreakerEnvironment, BreakerSettings } from './options.ts';
import type { Permit } from './permit.ts';
import { adopted, type AnyCall, isExactPromise, isPrimitive, rejected, resolved } from './protected-function.ts';
import { Reactions, type Ticket, TicketPool } from './ticket.ts';
import type { PermitGate } from './waiters.ts';

export interface RunnerParts {
  readonly settings: BreakerSettings;
  readonly environment: BreakerEnvironment;
  readonly admission: Admission;
  readonly followers: Followers;
  /** For a classifier that throws. */
  readonly reporter: ReportsListenerErrors;
}

/** What the permit API tells of a call that it made itself. */
export interface ManualEnding {
  readonly verdict: Verdict;
  readonly startedAtMs?: number | undefined;
  readonly error?: unknown;
}

const SUCCESS: ManualEnding = { verdict: 'success' };

export class CallRunner implements PermitGate, LimitedEnds {
  readonly #admission: Admission;
  readonly #followers: Followers;
  readonly #environment: BreakerEnvironment;
  readonly #reporter: ReportsListenerErrors;
  readonly #latency: LatencyHistogram | undefined;
  /** Made for the first call that is measured. */
  #pool: TicketPool | undefined;
  /** Made for the first call that has to be found again while it runs. */
  #inFlight: InFlight | undefined;
  #probeLatency: RareLatency | undefined;
  #settings: BreakerSettings;
  #classifier: Classifier | undefined;
  /** The reactions of calls that are not measured, and the epoch that they were made for. */
  #reactions: Reactions | undefined;
  #reactionsFor: Permit | 0 = 0;
  /** The duration of every call is wanted. */
  #measures = false;
  #marksOverdue = false;
  /** When calls were last looked at for being overdue. */
  #markedAtMs = 0;

  constructor({ settings, environment, admission, followers, reporter }: RunnerParts) {
    this.#admission = admission;
    this.#followers = followers;
    this.#environment = environment;
    this.#reporter = reporter;
    this.#settings = settings;
    if (settings.latency !== 'off') {
      const cumulative = settings.latency === 'cumulative';
      this.#latency = new LatencyHistogram({ rotateMs: settings.window.durationMs, cumulative });
    }
    this.update(settings, environment.classify);
  }

  /** Takes new settings, and a classifier if one is given. */
  update(settings: BreakerSettings, classify: Classify | undefined): void {
    this.#settings = settings;
    if (classify !== undefined) {
      this.#classifier = Classifier.of(classify, (error) => {
        this.#reporter[REPORT_LISTENER_ERROR](error);
      });
    }
    this.#reactions = undefined;
    this.#reactionsFor = 0;
    this.#marksOverdue = settings.trip.countOverdue;
    this.#measures = settings.latency !== 'off' || settings.trip.slowMs > 0 || this.#classifier !== undefined;
  }

  get latency(): LatencySummary | undefined {
    return this.#latency?.summary(this.#now());
  }
  get probeLatency(): LatencySummary | undefined {
    return this.#probeLatency?.summary();
  }

  get isSpreading(): boolean {
    return this.#admission.machine.isRamping;
  }

  refusedForMs(): number {
    return this.#admission.refusedForMs(this.#now());
  }

  /** A permit, or 0, for those who wait. */
  acquire(): Permit | 0 {
    this.markOverdue();
    return this.#admission.acquire();
  }

  /** Counts calls that have run for `trip.slowMs` as slow while they run; asked before each admission. */
  markOverdue(): void {
    if (!this.#marksOverdue) return;
    const nowMs = this.#now();
    this.#markedAtMs = nowMs;
    const sinceMs = nowMs - this.#settings.trip.slowMs;
    let ticket = this.#inFlight?.nextOverdue(sinceMs);
    while (ticket !== undefined) {
      ticket.overdue = this.#admission.countOverdue(ticket.permit, nowMs);
      ticket = this.#inFlight?.nextOverdue(sinceMs);
    }
  }

  run<T>(fn: AnyCall<T>, permit: Permit, signal: AbortSignal | undefined): Promise<T> {
    const reactions = this.#reactions;
    if (signal === undefined && reactions !== undefined && this.#reactionsFor === permit) {
      return this.#react(fn, undefined, reactions);
    }
    if (this.#settings.callTimeoutMs > 0) return this.#runLimited(fn, permit, signal);
    if (signal === undefined && this.#isPlain) return this.#react(fn, undefined, this.#reactionsOf(permit));
    return this.#react(fn, signal, this.#begin(this.#ticket(), permit, signal).reactions);
  }

  /** Without a time limit: nothing can end a synchronous call from outside. */
  runSync<T>(fn: () => T, permit: Permit): T {
    const reactions = this.#isPlain ? this.#reactionsOf(permit) : this.#begin(this.#ticket(), permit).reactions;
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
    const ticket = this.#begin(this.#ticket(), permit, signal);
    const call = new LimitedCall<T>(ticket, { breaker, limitMs, ends: this });
    ticket.limit = call;
    return call.run(fn);
  }

  timedOut(ticket: Ticket, error: BreakerTimeoutError): void {
    this.#admission.counters.rare.timeouts += 1;
    this.#stop(ticket);
    this.#end(ticket, 'failure', error);
  }

  cameLate(): void {
    this.#admission.counters.rare.late += 1;
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
    const isListed = this.#marksOverdue || this.#settings.callTimeoutMs > 0;
    ticket.permit = permit;
    ticket.signal = signal;
    ticket.probe = this.#admission.isProbe(permit);
    if (this.#marksOverdue) ticket.startedAtMs = this.#markedAtMs;
    else if (this.#measures || isListed || ticket.probe) ticket.startedAtMs = this.#now();
    if (isListed) {
      this.#inFlight ??= new InFlight(this.#settings.callTimeoutMs, this.#environment);
      this.#inFlight.add(ticket);
    }
    return ticket;
  }

  /** The reactions of a call that is not measured: made once per epoch. */
  #reactionsOf(permit: Permit): Reactions {
    if (this.#reactions === undefined || this.#reactionsFor !== permit) {
      this.#reactions = this.#newReactions(permit);
      this.#reactionsFor = permit;
    }
    return this.#reactions;
  }

  #newReactions(permit: Permit): Reactions {
    const admission = this.#admission;
    return new Reactions(
      (result) => {
        if (!admission.successAtOnce(permit, Number.NaN)) this.settle(permit, SUCCESS);
        return result;
      },
      (error) => {
        const verdict = this.#verdictOn({ error, durationMs: 0, signal: undefined });
        admission.settle({ permit, verdict, slow: false, overdue: false, endedAtMs: Number.NaN, error });
        this.#followers.follow();
      },
    );
  }

  /** The verdict on an error: a call that ran into the breaker's own time limit failed, whatever a classifier would say. */
  judge(call: FailedCall): Verdict {
    const { error } = call;
    const isOurTimeout = error instanceof BreakerTimeoutError && error.details.breaker === this.#settings.name;
    return isOurTimeout ? 'failure' : this.#verdictOn(call);
  }

  #verdictOn(call: FailedCall): Verdict {
    return this.#classifier === undefined ? plainVerdict(call.error, call.signal) : this.#classifier.error(call);
  }

  /** Settles a ticket by the result of its call. */
  result(ticket: Ticket, result: unknown): void {
    this.#stop(ticket);
    if (this.#classifier === undefined) this.#succeed(ticket);
    else this.#end(ticket, this.#classifier.result(result, durationOf(ticket)), undefined);
  }

  /** Settles a ticket by what its call threw. */
  error(ticket: Ticket, error: unknown): void {
    this.#stop(ticket);
    const { signal } = ticket;
    this.#end(ticket, this.#verdictOn({ error, durationMs: durationOf(ticket), signal }), error);
  }

  /** A success of a call that somebody made on their own, by the short way if there is one. */
  success(permit: Permit, startedAtMs: number | undefined): boolean {
    if (startedAtMs === undefined || !this.#measures) return this.settle(permit, SUCCESS);
    const ticket = this.#take(permit, startedAtMs);
    this.#stop(ticket);
    return this.#succeed(ticket);
  }

  /** Settles a permit of a call that somebody made on their own. False: it decided nothing. */
  settle(permit: Permit, { verdict, startedAtMs, error }: ManualEnding): boolean {
    const ticket = this.#take(permit, startedAtMs ?? Number.NaN);
    this.#stop(ticket);
    return this.#end(ticket, verdict, error);
  }

  #ticket(): Ticket {
    this.#pool ??= new TicketPool(this);
    return this.#pool.take();
  }

  #take(permit: Permit, startedAtMs: number): Ticket {
    const ticket = this.#ticket();
    ticket.permit = permit;
    ticket.startedAtMs = startedAtMs;
    ticket.probe = this.#admission.isProbe(permit);
    return ticket;
  }

  /**
   * Takes the time, if anybody wants to know how long the call took. It is kept in the ticket and not passed on: a number with
   * a fraction that goes from function to function may cost 16 bytes each time.
   */
  #stop(ticket: Ticket): void {
    if (Number.isNaN(ticket.startedAtMs)) return;
    const { slowMs } = this.#settings.trip;
    const nowMs = this.#now();
    ticket.endedAtMs = nowMs;
    const durationMs = durationOf(ticket);
    ticket.slow = slowMs > 0 && durationMs >= slowMs;
    if (this.#latency === undefined) return;
    this.#latency.record(durationMs, nowMs);
    if (ticket.probe) this.#recordProbe(durationMs);
  }

  #recordProbe(durationMs: number): void {
    this.#probeLatency ??= new RareLatency(this.#settings.latency === 'cumulative');
    this.#probeLatency.record(durationMs);
  }

  #succeed(ticket: Ticket): boolean {
    const isOrdinary = !ticket.slow && !ticket.overdue;
    if (isOrdinary && this.#admission.successAtOnce(ticket.permit, ticket.endedAtMs)) {
      this.#drop(ticket);
      return true;
    }
    return this.#end(ticket, 'success', undefined);
  }

  #end(ticket: Ticket, verdict: Verdict, error: unknown): boolean {
    const { permit, slow, overdue, probe, startedAtMs, endedAtMs } = ticket;
    this.#drop(ticket);
    const counted = this.#admission.settle({ permit, verdict, slow, overdue, endedAtMs, error });
    if (probe && counted && probeChannel.hasSubscribers) {
      const durationMs = endedAtMs - startedAtMs;
      const name = this.#settings.name;
      probeChannel.publish({ name, verdict, ...(!Number.isNaN(durationMs) && { durationMs }) });
    }
    this.#followers.follow();
    return counted;
  }

  #drop(ticket: Ticket): void {
    if (ticket.isListed) this.#inFlight?.remove(ticket);
    this.#pool?.give(ticket);
  }

  #now(): number {
    return this.#environment.clock.now();
  }
}

/** 0 of a call that was not measured. */
const durationOf = ({ startedAtMs, endedAtMs }: Ticket): number =>
  endedAtMs > startedAtMs ? endedAtMs - startedAtMs : 0;
