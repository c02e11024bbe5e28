/**
 * Who may call, and what their results change: the one place in which the state of a breaker is kept.
 *
 * It knows no promise, no timer and no listener; the decisions themselves are in `state-machine.ts`, `trip-rule.ts` and
 * `open-duration.ts`. Edges are handed to `tell`, which must not call back.
 */
import type { Verdict } from './classify.ts';
import type { RefusalReason } from './errors.ts';
import { openCountBefore, openingAfter } from './open-duration.ts';
import type { BreakerSettings } from './options.ts';
import { epochAfter, FIRST_EPOCH, type Permit } from './permit.ts';
import { type AutomaticState, decideProbes, hasFreeProbe, isLeaseOver, type State } from './state-machine.ts';
import { type BreakerCounters, StateTimes } from './stats.ts';
import { codeOf, type TransitionCause, type TransitionEvent } from './transition.ts';
import { decideTrip } from './trip-rule.ts';

export interface AdmissionPorts {
  readonly now: () => number;
  readonly random: () => number;
  readonly tell: (event: TransitionEvent) => void;
}

/** Why an edge is taken. */
interface Trigger {
  readonly cause: TransitionCause;
  readonly nowMs: number;
  readonly error?: unknown;
  readonly reason?: string;
}

const STALE = { success: 'staleSuccess', failure: 'staleFailure', ignore: 'staleIgnored' } as const;
const SETTLED = { success: 'success', failure: 'failure', ignore: 'ignored' } as const;

export class Admission {
  readonly counters: BreakerCounters;
  readonly #ports: AdmissionPorts;
  readonly #settings: BreakerSettings;
  readonly #times: StateTimes;
  #epoch = FIRST_EPOCH;
  #state: AutomaticState = 'closed';
  #isolated = false;
  #shutDown = false;
  /** Closed and nothing over it: an admission needs no decision. */
  #passing = true;
  #inFlight = 0;
  readonly #tally = { consecutive: 0 };
  readonly #probes = { succeeded: 0, failed: 0, inFlight: 0, leaseUntilMs: 0 };
  readonly #openings = { count: 0, lastMs: 0, closedAtMs: 0 };
  #openUntilMs = 0;
  #machineSinceMs: number;
  #refusal: RefusalReason = 'open';

  constructor(settings: BreakerSettings, counters: BreakerCounters, ports: AdmissionPorts) {
    const nowMs = ports.now();
    this.counters = counters;
    this.#ports = ports;
    this.#settings = settings;
    this.#times = new StateTimes(nowMs);
    this.#machineSinceMs = nowMs;
    this.#openings.closedAtMs = nowMs;
  }

  get epoch(): number {
    return this.#epoch;
  }
  get state(): State {
    return this.#isolated ? 'isolated' : this.#state;
  }
  get automaticState(): AutomaticState {
    return this.#state;
  }
  get inFlight(): number {
    return this.#inFlight;
  }
  get openCount(): number {
    return this.#openings.count;
  }
  get consecutiveFailures(): number {
    return this.#tally.consecutive;
  }
  /** Why the latest attempt got no permit. */
  get refusal(): RefusalReason {
    return this.#refusal;
  }
  get times(): StateTimes {
    return this.#times;
  }

  /** Until an open breaker lets a probe through. */
  openRemainingMs(nowMs: number): number {
    return this.#state === 'open' ? Math.max(0, this.#openUntilMs - nowMs) : 0;
  }

  /** When time alone could change the answer to an attempt that is refused now; infinite if it cannot. */
  refusedForMs(nowMs: number): number {
    if (this.#isolated || this.#shutDown) return Number.POSITIVE_INFINITY;
    const untilMs = this.#state === 'half-open' ? this.#probes.leaseUntilMs : this.#openUntilMs;
    return Math.max(0, untilMs - nowMs);
  }

  /** A permit, or 0. Overdue edges are taken here: open → half-open, and half-open → open when a lease is over. */
  acquire(): Permit | 0 {
    if (!this.#passing && !this.#admit()) return 0;
    this.#inFlight += 1;
    return this.#epoch;
  }

  #admit(): boolean {
    if (this.#shutDown) return false;
    if (this.#isolated) return this.#refuse('isolated');
    const nowMs = this.#ports.now();
    const probes = this.#probes;
    const { halfOpen } = this.#settings;
    if (this.#state === 'half-open' && isLeaseOver(probes, halfOpen, nowMs)) {
      this.counters.probesExpired += probes.inFlight;
      // The open period begins where the lease ended, not where somebody noticed: who comes late need not wait for it again.
      this.#open({ cause: 'probe-timeout', nowMs }, probes.leaseUntilMs);
    }
    if (this.#state === 'open') {
      if (nowMs < this.#openUntilMs) return this.#refuse('open');
      this.#move('half-open', { cause: 'open-elapsed', nowMs });
    }
    if (!hasFreeProbe(probes, halfOpen)) return this.#refuse('probes-busy');
    probes.inFlight += 1;
    probes.leaseUntilMs = nowMs + halfOpen.leaseMs;
    this.counters.probesStarted += 1;
    return true;
  }

  #refuse(reason: RefusalReason): false {
    this.#refusal = reason;
    return false;
  }

  /** Settles a permit. False: it decided nothing, since it is stale or was settled before. `error` is only reported. */
  settle(permit: Permit, verdict: Verdict, error?: unknown): boolean {
    const current = permit === this.#epoch;
    if (this.#inFlight === 0 || (current && !this.#passing && this.#probes.inFlight === 0)) {
      this.counters.extraSettlements += 1;
      return false;
    }
    this.#inFlight -= 1;
    if (!current) {
      this.counters[STALE[verdict]] += 1;
      return false;
    }
    this.counters[SETTLED[verdict]] += 1;
    if (this.#passing) this.#record(verdict, error);
    else this.#decideProbe(verdict, error);
    return true;
  }

  #record(verdict: Verdict, error: unknown): void {
    if (verdict === 'ignore') return;
    if (verdict === 'success') {
      this.#tally.consecutive = 0;
      return;
    }
    this.#tally.consecutive += 1;
    const cause = decideTrip(this.#tally, this.#settings.trip);
    if (cause === undefined) return;
    const nowMs = this.#ports.now();
    this.#open({ cause, nowMs, error }, nowMs);
  }

  #decideProbe(verdict: Verdict, error: unknown): void {
    const probes = this.#probes;
    probes.inFlight -= 1;
    if (verdict === 'ignore') {
      this.counters.probesIgnored += 1;
      return;
    }
    if (verdict === 'success') {
      probes.succeeded += 1;
      this.counters.probesSucceeded += 1;
    } else {
      probes.failed += 1;
      this.counters.probesFailed += 1;
    }
    const decision = decideProbes(probes, this.#settings.halfOpen);
    if (decision === undefined) return;
    const nowMs = this.#ports.now();
    if (decision === 'close') this.#move('closed', { cause: 'probes-succeeded', nowMs });
    else this.#open({ cause: 'probe-failed', nowMs, error }, nowMs);
  }

  /** Opens with the duration that this opening has earned, counted from `fromMs`. */
  #open(trigger: Trigger, fromMs: number): void {
    const { open } = this.#settings;
    const { nowMs } = trigger;
    const before = openCountBefore(this.#openings, open, { nowMs, fromClosed: this.#state === 'closed' });
    const { count, nominalMs, openForMs } = openingAfter(before, open, this.#ports.random);
    this.#openings.count = count;
    this.#openings.lastMs = nominalMs;
    this.#openUntilMs = fromMs + openForMs;
    this.#move('open', trigger);
  }

  /** Opens or stays open for `forMs`, whatever the results say. */
  suggestOpen(forMs: number, reason: string): void {
    if (this.#isolated || this.#shutDown) return;
    const nowMs = this.#ports.now();
    const openForMs = Math.min(forMs, this.#settings.open.maxMs);
    if (this.#state === 'open') {
      this.#openUntilMs = Math.max(this.#openUntilMs, nowMs + openForMs);
      return;
    }
    const fromClosed = this.#state === 'closed';
    this.#openings.count = openCountBefore(this.#openings, this.#settings.open, { nowMs, fromClosed }) + 1;
    this.#openings.lastMs = openForMs;
    this.#openUntilMs = nowMs + openForMs;
    this.#move('open', { cause: 'hint', nowMs, reason });
  }

  reset(): void {
    if (this.#shutDown) return;
    this.#openings.count = 0;
    this.#openings.lastMs = 0;
    this.#move('closed', { cause: 'reset', nowMs: this.#ports.now() });
  }

  isolate(reason: string): void {
    if (this.#isolated || this.#shutDown) return;
    const nowMs = this.#ports.now();
    const from = this.#state;
    this.#isolated = true;
    this.#begin(from, { cause: 'manual', nowMs, reason });
  }

  endIsolation(resume: 'closed' | 'half-open'): void {
    if (!this.#isolated || this.#shutDown) return;
    const nowMs = this.#ports.now();
    this.#isolated = false;
    this.#enter(resume, nowMs);
    this.#begin('isolated', { cause: 'manual', nowMs });
  }

  /** No permit is given any more, and none that is out decides anything. */
  shutDown(): void {
    this.#shutDown = true;
    this.#passing = false;
    this.#epoch = epochAfter(this.#epoch);
    this.#probes.inFlight = 0;
  }

  /** One edge of the automatic machine. */
  #move(to: AutomaticState, trigger: Trigger): void {
    const from = this.#state;
    const spentMs = trigger.nowMs - this.#machineSinceMs;
    this.#enter(to, trigger.nowMs);
    this.#begin(from, trigger, spentMs);
  }

  #enter(to: AutomaticState, nowMs: number): void {
    this.#state = to;
    this.#machineSinceMs = nowMs;
    this.#probes.succeeded = 0;
    this.#probes.failed = 0;
    this.#probes.inFlight = 0;
    if (to !== 'closed') return;
    this.#tally.consecutive = 0;
    this.#openings.closedAtMs = nowMs;
  }

  /** A new epoch: whatever is still out belongs to another one. */
  #begin(from: State, trigger: Trigger, machineSpentMs = 0): void {
    const { cause, nowMs, error, reason } = trigger;
    const consecutiveFailures = this.#tally.consecutive;
    this.#epoch = epochAfter(this.#epoch);
    this.#passing = this.#state === 'closed' && !this.#isolated;
    const enforced = !this.#isolated || cause === 'manual';
    const to = enforced ? this.state : this.#state;
    const sinceMs = enforced ? this.#times.enter(to, nowMs) : machineSpentMs;
    const code = codeOf(error);
    this.#ports.tell({
      name: this.#settings.name,
      from,
      to,
      cause,
      enforced,
      epoch: this.#epoch,
      sinceMs,
      consecutiveFailures,
      ...(to === 'open' && { openForMs: Math.max(0, this.#openUntilMs - nowMs) }),
      ...(code !== undefined && { code }),
      ...(reason !== undefined && { reason }),
    });
  }
}
