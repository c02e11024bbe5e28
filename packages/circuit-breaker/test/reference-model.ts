/**
 * A breaker as one would write it without a thought for cost: lists of everything that happened, searched anew at each question.
 * The product is compared with it after every step of a random run.
 */
import type { BreakerSettings, Mode, State, Verdict } from '../src/index.ts';

export interface ModelCall {
  /** -1: admitted without being tracked. */
  readonly epoch: number;
  readonly atMs: number;
  verdict?: Verdict;
}

interface Outcome {
  readonly atMs: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

type Machine = 'closed' | 'open' | 'half-open';

export class ReferenceModel {
  readonly #created: BreakerSettings;
  settings: BreakerSettings;
  readonly #random: () => number;
  /** Everything admitted by this instance. */
  readonly calls: ModelCall[] = [];
  /** `from>to cause`, in order. */
  readonly edges: string[] = [];
  epoch = 1;
  machine: Machine = 'closed';
  mode: Mode = 'active';
  isolations = 0;
  openUntilMs = 0;
  openCount = 0;
  wouldReject = 0;
  #lastOpenMs = 0;
  #closedAtMs = 0;
  #windowOriginMs = 0;
  /** Failures in a row that were restored. */
  #earlierFailures = 0;
  /** Results in the present epoch, in the order in which they came. */
  #results: { readonly verdict: Verdict; readonly slow: boolean }[] = [];
  /** Results that stand in the window, if they are not too old. */
  outcomes: Outcome[] = [];
  /** When it closed, if it starts slowly, and every attempt since: admitted or not. */
  #ramp: { fromMs: number; rampMs: number; attempts: { share: number; admitted: boolean }[] } | undefined;

  constructor(settings: BreakerSettings, random: () => number) {
    this.#created = settings;
    this.settings = settings;
    this.#random = random;
  }

  get state(): State {
    if (this.isolations > 0) return 'isolated';
    return this.mode === 'active' ? this.machine : this.mode;
  }
  get inFlight(): number {
    return this.calls.filter((call) => call.verdict === undefined).length;
  }
  get probesInFlight(): number {
    return this.machine === 'half-open' ? this.#own().filter((call) => call.verdict === undefined).length : 0;
  }
  get consecutive(): number {
    const decisive = this.#results.filter(({ verdict }) => verdict !== 'ignore').map(({ verdict }) => verdict);
    const inRow = decisive.length - 1 - decisive.lastIndexOf('success');
    return inRow + (decisive.includes('success') ? 0 : this.#earlierFailures);
  }

  /** What is in the window: the last n, or those of the last n buckets. */
  inWindow(nowMs: number): Outcome[] {
    const { type, calls, durationMs, buckets } = this.settings.window;
    if (type === 'none') return [];
    if (type === 'count') return this.outcomes.slice(-calls);
    const numberOf = (atMs: number): number => Math.floor((atMs - this.#windowOriginMs) / (durationMs / buckets));
    return this.outcomes.filter(({ atMs }) => numberOf(nowMs) - numberOf(atMs) < buckets);
  }

  #own(): ModelCall[] {
    return this.calls.filter((call) => call.epoch === this.epoch);
  }

  begin(nowMs: number): ModelCall | undefined {
    if (this.isolations > 0) return undefined;
    const isAdmitted = this.mode === 'disabled' || this.#admits(nowMs);
    if (!isAdmitted && this.mode === 'active') return undefined;
    if (!isAdmitted) this.wouldReject += 1;
    const call = { epoch: isAdmitted && this.mode !== 'disabled' ? this.epoch : -1, atMs: nowMs };
    this.calls.push(call);
    return call;
  }

  #admits(nowMs: number): boolean {
    const { maxConcurrentCalls, halfOpen } = this.settings;
    if (maxConcurrentCalls > 0 && this.inFlight >= maxConcurrentCalls) return false;
    if (this.machine === 'closed') {
      if (this.#ramp === undefined || nowMs - this.#ramp.fromMs >= this.#ramp.rampMs) return true;
      const { attempts, fromMs } = this.#ramp;
      const share = (nowMs - fromMs) / this.#ramp.rampMs;
      const credit =
        attempts.reduce((sum, one) => sum + one.share, share) - attempts.filter((one) => one.admitted).length;
      attempts.push({ share, admitted: credit >= 1 });
      return credit >= 1;
    }
    if (this.machine === 'half-open' && !this.#hasPlace()) {
      const leaseUntilMs = Math.max(...this.#own().map((call) => call.atMs)) + halfOpen.leaseMs;
      if (nowMs >= leaseUntilMs) this.#open('probe-timeout', nowMs, leaseUntilMs);
    }
    if (this.machine === 'open' && nowMs >= this.openUntilMs) this.#edge('half-open', 'open-elapsed');
    return this.machine === 'half-open' && this.#hasPlace();
  }

  #hasPlace(): boolean {
    const { probes, maxFailures, concurrency } = this.settings.halfOpen;
    const flying = this.probesInFlight;
    const decided = this.#results.filter(({ verdict }) => verdict !== 'ignore').length;
    return flying < concurrency && flying + decided < probes + maxFailures;
  }

  /** True: the result was not stale. */
  settle(call: ModelCall, verdict: Verdict, nowMs: number): boolean {
    call.verdict = verdict;
    if (call.epoch === -1) return true;
    if (call.epoch !== this.epoch) return false;
    const { slowMs } = this.settings.trip;
    const slow = slowMs > 0 && nowMs - call.atMs >= slowMs;
    this.#results.push({ verdict, slow });
    if (this.machine === 'closed') {
      if (verdict !== 'ignore') this.outcomes.push({ atMs: nowMs, failed: verdict === 'failure', slow });
      if (verdict === 'failure' || (verdict === 'success' && slow)) this.#tripIfDue(nowMs);
    } else this.#decideProbes(nowMs);
    return true;
  }

  #tripIfDue(nowMs: number): void {
    const { consecutive, failureRatio, slowRatio, minimumCalls } = this.settings.trip;
    const window = this.inWindow(nowMs);
    const share = (wanted: (one: Outcome) => boolean): number =>
      window.filter((one) => wanted(one)).length / window.length;
    if (consecutive > 0 && this.consecutive >= consecutive) this.#open('consecutive', nowMs);
    else if (window.length < minimumCalls) return;
    else if (failureRatio > 0 && share((one) => one.failed) >= failureRatio) this.#open('failure-rate', nowMs);
    else if (slowRatio > 0 && share((one) => one.slow) >= slowRatio) this.#open('slow-rate', nowMs);
  }

  #decideProbes(nowMs: number): void {
    const { probes, maxFailures } = this.settings.halfOpen;
    const isFailure = ({ verdict, slow }: { verdict: Verdict; slow: boolean }): boolean =>
      verdict === 'failure' || (verdict === 'success' && slow && this.settings.trip.slowRatio > 0);
    const failed = this.#results.filter((one) => isFailure(one)).length;
    const succeeded = this.#results.filter((one) => one.verdict === 'success' && !isFailure(one)).length;
    if (failed > maxFailures) this.#open('probe-failed', nowMs);
    else if (succeeded >= probes) {
      this.#close('probes-succeeded', nowMs);
      const { rampMs } = this.settings;
      if (rampMs > 0) this.#ramp = { fromMs: nowMs, rampMs, attempts: [] };
    }
  }

  suggestOpen(forMs: number, nowMs: number): void {
    if (this.isolations > 0 || this.mode === 'disabled') return;
    const openForMs = Math.min(forMs, this.settings.open.maxMs);
    if (this.machine === 'open') this.openUntilMs = Math.max(this.openUntilMs, nowMs + openForMs);
    else {
      this.#forget(nowMs);
      this.openCount += 1;
      this.#lastOpenMs = openForMs;
      this.openUntilMs = nowMs + openForMs;
      this.#edge('open', 'hint');
    }
  }

  reset(nowMs: number): void {
    this.openCount = 0;
    this.#lastOpenMs = 0;
    this.#close('reset', nowMs);
  }

  isolate(nowMs: number): void {
    this.isolations += 1;
    if (this.isolations === 1) this.#byHand(nowMs, this.mode === 'active' ? this.machine : this.mode);
  }

  release(nowMs: number, resume: 'closed' | 'half-open'): void {
    this.isolations -= 1;
    if (this.isolations === 0) this.#byHand(nowMs, 'isolated', resume);
  }

  setMode(mode: Mode, nowMs: number): void {
    if (mode === this.mode) return;
    const from = this.state;
    this.mode = mode;
    if (this.isolations === 0) this.#byHand(nowMs, from);
  }

  #byHand(nowMs: number, from: State, resume: 'closed' | 'half-open' = 'closed'): void {
    this.machine = resume;
    if (resume === 'closed') this.#emptyAt(nowMs);
    this.edges.push(`${from}>${this.state} manual`);
    this.#newEpoch();
  }

  update(settings: BreakerSettings, nowMs: number): void {
    this.settings = settings;
    if (this.machine === 'half-open') this.#decideProbes(nowMs);
  }

  /** The same breaker after a restart that took no time, with the settings of its creation. */
  restarted(nowMs: number): ReferenceModel {
    const next = new ReferenceModel(this.#created, this.#random);
    const { baseMs, factor, maxMs } = this.#created.open;
    next.machine = this.machine === 'closed' ? 'closed' : 'open';
    next.isolations = this.isolations > 0 ? 1 : 0;
    next.openUntilMs = this.machine === 'open' ? Math.min(nowMs + maxMs, Math.max(nowMs, this.openUntilMs)) : nowMs;
    next.openCount = this.openCount;
    next.#lastOpenMs = this.openCount === 0 ? 0 : Math.min(maxMs, baseMs * factor ** (this.openCount - 1));
    next.#closedAtMs = nowMs;
    next.#windowOriginMs = nowMs;
    if (this.machine === 'closed') {
      next.#earlierFailures = this.consecutive;
      next.outcomes = this.inWindow(nowMs);
      if (next.outcomes.length > 0) next.#windowOriginMs = this.#windowOriginMs;
    }
    next.edges.push(`closed>${next.state} restore`);
    next.epoch = 2;
    return next;
  }

  #forget(nowMs: number): void {
    const resetAfterMs = this.settings.open.resetAfterMs ?? this.#lastOpenMs;
    if (this.machine === 'closed' && nowMs - this.#closedAtMs >= resetAfterMs) this.openCount = 0;
  }

  #open(cause: string, nowMs: number, fromMs = nowMs): void {
    const { baseMs, factor, maxMs, jitter } = this.settings.open;
    this.#forget(nowMs);
    this.openCount += 1;
    this.#lastOpenMs = Math.min(maxMs, baseMs * factor ** (this.openCount - 1));
    const share = jitter === 'equal' ? (1 + this.#random()) / 2 : 1;
    this.openUntilMs = fromMs + this.#lastOpenMs * share;
    this.#edge('open', cause);
  }

  #close(cause: string, nowMs: number): void {
    this.#emptyAt(nowMs);
    this.#edge('closed', cause);
  }

  #emptyAt(nowMs: number): void {
    this.#closedAtMs = nowMs;
    this.outcomes = [];
  }

  #edge(to: Machine, cause: string): void {
    this.edges.push(`${this.machine}>${to} ${cause}`);
    this.machine = to;
    this.#newEpoch();
  }

  #newEpoch(): void {
    this.epoch += 1;
    this.#results = [];
    this.#earlierFailures = 0;
    this.#ramp = undefined;
  }
}
