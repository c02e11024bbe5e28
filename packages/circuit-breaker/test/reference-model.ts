/**
 * A breaker as one would write it without a thought for cost: lists of everything that happened, searched anew at each question.
 * The product is compared with it after every step of a random run.
 */
import type { BreakerSettings, State, Verdict } from '../src/index.ts';

export interface ModelCall {
  readonly epoch: number;
  readonly atMs: number;
  verdict?: Verdict;
}

export class ReferenceModel {
  readonly calls: ModelCall[] = [];
  /** `from>to cause`, in order. */
  readonly edges: string[] = [];
  readonly #settings: BreakerSettings;
  readonly #random: () => number;
  epoch = 1;
  machine: 'closed' | 'open' | 'half-open' = 'closed';
  isolations = 0;
  openUntilMs = 0;
  openCount = 0;
  #lastOpenMs = 0;
  #closedAtMs = 0;

  constructor(settings: BreakerSettings, random: () => number) {
    this.#settings = settings;
    this.#random = random;
  }

  get state(): State {
    return this.isolations > 0 ? 'isolated' : this.machine;
  }
  get inFlight(): number {
    return this.calls.filter((call) => call.verdict === undefined).length;
  }
  get probesInFlight(): number {
    return this.machine === 'half-open' && this.isolations === 0
      ? this.#own().filter((c) => c.verdict === undefined).length
      : 0;
  }
  /** Failures after the last success among the results of this epoch, in the order in which they came. */
  readonly settledInEpoch: Verdict[] = [];
  get consecutive(): number {
    const decisive = this.settledInEpoch.filter((verdict) => verdict !== 'ignore');
    return decisive.length - 1 - decisive.lastIndexOf('success');
  }

  #own(): ModelCall[] {
    return this.calls.filter((call) => call.epoch === this.epoch);
  }

  begin(nowMs: number): ModelCall | undefined {
    if (this.isolations > 0) return undefined;
    const { probes, maxFailures, concurrency, leaseMs } = this.#settings.halfOpen;
    const isFree = (): boolean => {
      const flying = this.#own().filter((call) => call.verdict === undefined).length;
      const decided = this.#own().filter((call) => call.verdict === 'success' || call.verdict === 'failure').length;
      return flying < concurrency && flying + decided < probes + maxFailures;
    };
    if (this.machine === 'half-open' && !isFree()) {
      const leaseUntilMs = Math.max(...this.#own().map((call) => call.atMs)) + leaseMs;
      if (nowMs >= leaseUntilMs) this.#open('probe-timeout', nowMs, leaseUntilMs);
    }
    if (this.machine === 'open' && nowMs >= this.openUntilMs) this.#edge('half-open', 'open-elapsed');
    if (this.machine === 'open' || (this.machine === 'half-open' && !isFree())) return undefined;
    const call = { epoch: this.epoch, atMs: nowMs };
    this.calls.push(call);
    return call;
  }

  /** True: the result counted. */
  settle(call: ModelCall, verdict: Verdict, nowMs: number): boolean {
    call.verdict = verdict;
    if (call.epoch !== this.epoch) return false;
    this.settledInEpoch.push(verdict);
    const { trip, halfOpen } = this.#settings;
    if (this.machine === 'closed') {
      if (verdict === 'failure' && this.consecutive >= trip.consecutive) this.#open('consecutive', nowMs);
      return true;
    }
    const count = (wanted: Verdict): number => this.settledInEpoch.filter((one) => one === wanted).length;
    if (count('failure') > halfOpen.maxFailures) this.#open('probe-failed', nowMs);
    else if (count('success') >= halfOpen.probes) this.#close('probes-succeeded', nowMs);
    return true;
  }

  suggestOpen(forMs: number, nowMs: number): void {
    if (this.isolations > 0) return;
    const openForMs = Math.min(forMs, this.#settings.open.maxMs);
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

  isolate(): void {
    this.isolations += 1;
    if (this.isolations > 1) return;
    this.edges.push(`${this.machine}>isolated manual`);
    this.#newEpoch();
  }

  release(nowMs: number, resume: 'closed' | 'half-open'): void {
    this.isolations -= 1;
    if (this.isolations > 0) return;
    this.edges.push(`isolated>${resume} manual`);
    this.machine = resume;
    if (resume === 'closed') this.#closedAtMs = nowMs;
    this.#newEpoch();
  }

  #forget(nowMs: number): void {
    const resetAfterMs = this.#settings.open.resetAfterMs ?? this.#lastOpenMs;
    if (this.machine === 'closed' && nowMs - this.#closedAtMs >= resetAfterMs) this.openCount = 0;
  }

  #open(cause: string, nowMs: number, fromMs = nowMs): void {
    const { baseMs, factor, maxMs, jitter } = this.#settings.open;
    this.#forget(nowMs);
    this.openCount += 1;
    this.#lastOpenMs = Math.min(maxMs, baseMs * factor ** (this.openCount - 1));
    const share = jitter === 'equal' ? (1 + this.#random()) / 2 : 1;
    this.openUntilMs = fromMs + this.#lastOpenMs * share;
    this.#edge('open', cause);
  }

  #close(cause: string, nowMs: number): void {
    this.#closedAtMs = nowMs;
    this.#edge('closed', cause);
  }

  #edge(to: 'closed' | 'open' | 'half-open', cause: string): void {
    this.edges.push(`${this.machine}>${to} ${cause}`);
    this.machine = to;
    this.#newEpoch();
  }

  #newEpoch(): void {
    this.epoch += 1;
    this.settledInEpoch.length = 0;
  }
}
