/**
 * Who may call, and which results count: epochs and modes over the automatic machine. It knows no promise, no timer and no
 * listener; edges are handed to `followers.hear`, which does not call back.
 */
import { Counters } from './counters.ts';
import type { RefusalReason } from './errors.ts';
import type { Followers } from './followers.ts';
import { Machine, type MachineEdge, type MachineOwner } from './machine.ts';
import type { BreakerEnvironment, BreakerSettings } from './options.ts';
import { epochAfter, FIRST_EPOCH, type Permit, UNTRACKED } from './permit.ts';
import type { RestoredState } from './snapshot.ts';
import type { Mode, State } from './state-machine.ts';
import { StateTimes } from './state-times.ts';
import type { Ending } from './ticket.ts';
import { codeOf, type TransitionEvent } from './transition.ts';

export interface AdmissionParts {
  readonly settings: BreakerSettings;
  readonly environment: BreakerEnvironment;
  readonly followers: Followers;
}

const STALE = { success: 'staleSuccess', failure: 'staleFailure', ignore: 'staleIgnored' } as const;
const SETTLED = { success: 'success', failure: 'failure', ignore: 'ignored' } as const;

export class Admission implements MachineOwner {
  readonly machine: Machine;
  readonly counters = new Counters();
  readonly #environment: BreakerEnvironment;
  readonly #followers: Followers;
  #settings: BreakerSettings;
  /** Made with the first edge. */
  #times: StateTimes | undefined;
  #epoch = FIRST_EPOCH;
  #mode: Mode;
  #isolated = false;
  #shutDown = false;
  /** Closed and nothing in the way: everybody gets a permit. */
  #wide = true;
  /** Wide, and no call has to be looked at before: an admission needs no decision at all. */
  #passing = true;
  #inFlight = 0;
  #refusal: RefusalReason = 'open';
  #attemptedAtMs = 0;

  constructor({ settings, environment, followers }: AdmissionParts) {
    this.#settings = settings;
    this.#environment = environment;
    this.#followers = followers;
    this.#mode = settings.mode;
    this.machine = new Machine({ settings, environment, counters: this.counters, owner: this });
    this.#updatePassing();
  }

  get epoch(): Permit {
    return this.#epoch;
  }
  get state(): State {
    if (this.#isolated) return 'isolated';
    return this.#mode === 'active' ? this.machine.state : this.#mode;
  }
  /** Whether callers meet the state of the machine, and no mode lies over it. */
  get enforced(): boolean {
    return this.#mode === 'active' && !this.#isolated;
  }
  get times(): StateTimes {
    return this.#times ?? new StateTimes(this.state, this.machine.bornMs);
  }
  get inFlight(): number {
    return this.#inFlight;
  }
  /** Why the latest attempt got no permit. */
  get refusal(): RefusalReason {
    return this.#refusal;
  }
  /** When the machine was last asked. */
  get attemptedAtMs(): number {
    return this.#attemptedAtMs;
  }

  /** Whether a call of this permit is a probe, unless its lease is over. */
  isProbe(permit: Permit): boolean {
    return permit === this.#epoch && this.machine.state === 'half-open';
  }

  /** When time alone could change the answer to the attempt that was refused last; infinite if it cannot. */
  refusedForMs(nowMs: number): number {
    const reason = this.#refusal;
    if (reason === 'open') return this.machine.openRemainingMs(nowMs);
    if (reason === 'probes-busy') return this.machine.leaseRemainingMs(nowMs);
    return reason === 'ramp' ? this.machine.rampStepMs : Number.POSITIVE_INFINITY;
  }

  /** A permit, if there is nothing to think about; 0: `acquire` has to be asked. */
  acquireAtOnce(): Permit | 0 {
    if (!this.#passing) return 0;
    this.#inFlight += 1;
    return this.#epoch;
  }

  /** A permit, or 0. */
  acquire(): Permit | 0 {
    if (this.#wide) {
      this.#inFlight += 1;
      return this.#epoch;
    }
    return this.#shutDown ? 0 : this.#acquireByDecision();
  }

  #acquireByDecision(): Permit | 0 {
    const refusal = this.#refusalOfAttempt();
    if (refusal !== undefined) this.#refusal = refusal;
    const isTracked = refusal === undefined && this.#mode !== 'disabled';
    if (refusal !== undefined) {
      if (this.#mode !== 'observe' || this.#isolated) return 0;
      this.counters.rare.wouldReject += 1;
    }
    this.#inFlight += 1;
    return isTracked ? this.#epoch : UNTRACKED;
  }

  #refusalOfAttempt(): RefusalReason | undefined {
    if (this.#isolated) return 'isolated';
    if (this.#mode === 'disabled') return undefined;
    const { maxConcurrentCalls } = this.#settings;
    if (maxConcurrentCalls > 0 && this.#inFlight >= maxConcurrentCalls) return 'busy';
    this.#attemptedAtMs = this.#now();
    const refusal = this.machine.attempt(this.#attemptedAtMs);
    this.#updatePassing(); // a slow start may have ended
    return refusal;
  }

  /**
   * Settles a call that succeeded and was not slow, while everybody gets a permit: nobody waits, and nothing can follow.
   * `endedAtMs`: `NaN` if nobody has looked at the clock. False: that is not the case, and nothing has happened.
   */
  successAtOnce(permit: Permit, endedAtMs: number): boolean {
    if (permit !== this.#epoch || !this.#wide || this.#inFlight === 0) return false;
    this.#inFlight -= 1;
    this.counters.success += 1;
    this.machine.countSuccess(endedAtMs);
    return true;
  }

  /** Settles a permit. False: it decided nothing, since it is stale or was settled before. */
  settle(ending: Ending): boolean {
    const { permit, verdict, slow, overdue } = ending;
    const { counters } = this;
    const isCurrent = permit === this.#epoch;
    const isProbe = isCurrent && this.machine.state !== 'closed';
    if (this.#inFlight === 0 || (isProbe && this.machine.probesInFlight === 0)) {
      counters.rare.extraSettlements += 1;
      return false;
    }
    this.#inFlight -= 1;
    if (!isCurrent && permit !== UNTRACKED) {
      counters.rare[STALE[verdict]] += 1;
      return false;
    }
    counters[SETTLED[verdict]] += 1;
    if (slow && !overdue && verdict !== 'ignore') counters.slow += 1;
    if (isCurrent) this.machine.count(ending);
    return true;
  }

  /** A call that still runs counts as slow from now on. False: it is of another epoch, or a probe. */
  countOverdue(permit: Permit, nowMs: number): boolean {
    if (permit !== this.#epoch || this.machine.state !== 'closed') return false;
    this.counters.slow += 1;
    this.counters.rare.overdue += 1;
    this.machine.countOverdue(nowMs);
    return true;
  }

  /** See {@link Machine.suggestOpen}. Without effect where the machine stands still. */
  suggestOpen(forMs: number, reason: string): void {
    if (this.#isolated || this.#shutDown || this.#mode === 'disabled') return;
    this.machine.suggestOpen(forMs, reason);
  }

  reset(): void {
    if (!this.#shutDown) this.machine.reset();
  }

  isolate(reason: string): void {
    if (this.#isolated || this.#shutDown) return;
    this.#changeByHand({ reason }, () => {
      this.#isolated = true;
    });
  }

  endIsolation(resume: 'closed' | 'half-open'): void {
    if (!this.#isolated || this.#shutDown) return;
    this.#changeByHand({ resume }, () => {
      this.#isolated = false;
    });
  }

  /** Below an isolation the mode changes without an edge: nobody meets it before the isolation ends. */
  setMode(mode: Mode): void {
    if (this.#mode === mode || this.#shutDown) return;
    if (this.#isolated) this.#mode = mode;
    else {
      this.#changeByHand({}, () => {
        this.#mode = mode;
      });
    }
  }

  update(settings: BreakerSettings): void {
    this.#settings = settings;
    this.machine.update(settings);
    this.#updatePassing();
  }

  /** No permit is given any more, and none that is out decides anything. */
  shutDown(): void {
    this.#shutDown = true;
    this.#epoch = epochAfter(this.#epoch);
    this.#updatePassing();
  }

  /** Begins where a saved breaker left off. */
  restore(saved: RestoredState): void {
    const nowMs = this.#now();
    const from = this.state;
    const reason = saved.isolatedFor;
    this.machine.restore(saved, nowMs);
    this.#isolated = reason !== undefined;
    this.#begin({ ...FRESH, cause: 'restore', from, nowMs, ...(reason !== undefined && { reason }) });
  }

  /** An edge by hand; the machine starts again. */
  #changeByHand(how: { resume?: 'closed' | 'half-open'; reason?: string }, apply: () => void): void {
    const { resume = 'closed', reason } = how;
    const nowMs = this.#now();
    const from = this.state;
    apply();
    this.machine.restart(resume, nowMs);
    this.#begin({ ...FRESH, cause: 'manual', from, nowMs, ...(reason !== undefined && { reason }) });
  }

  onMachineEdge(edge: MachineEdge): void {
    if (this.enforced) this.#begin(edge);
    else this.#beginBelow(edge);
  }

  /** An edge that callers meet. */
  #begin(edge: Omit<MachineEdge, 'from'> & { readonly from: State }): void {
    const to = this.state;
    this.#times ??= new StateTimes(edge.from, this.machine.bornMs);
    this.#newEpoch();
    this.#tell(edge, { from: edge.from, to, enforced: true, sinceMs: this.#times.enter(to, edge.nowMs) });
  }

  /** An edge below a mode: callers do not meet it. */
  #beginBelow(edge: MachineEdge): void {
    this.#newEpoch();
    this.#tell(edge, { from: edge.from, to: this.machine.state, enforced: false, sinceMs: edge.sinceMs });
  }

  /** Whatever is still out belongs to another epoch. */
  #newEpoch(): void {
    this.#epoch = epochAfter(this.#epoch);
    this.#updatePassing();
  }

  #tell(edge: Omit<MachineEdge, 'from'>, place: Pick<TransitionEvent, 'from' | 'to' | 'enforced' | 'sinceMs'>): void {
    const { cause, nowMs, calls, failures, slow, error, reason } = edge;
    const code = codeOf(error);
    this.#followers.hear({
      name: this.#settings.name,
      ...place,
      cause,
      epoch: this.#epoch,
      ...(place.to === 'open' && { openForMs: this.machine.openRemainingMs(nowMs) }),
      calls,
      failures,
      slow,
      ...(code !== undefined && { code }),
      ...(reason !== undefined && { reason }),
    });
  }

  #now(): number {
    return this.#environment.clock.now();
  }

  #updatePassing(): void {
    const isStopped = this.#isolated || this.#shutDown || this.#mode === 'disabled';
    this.#wide = !isStopped && this.machine.isWide && this.#settings.maxConcurrentCalls === 0;
    this.#passing = this.#wide && !this.#settings.trip.countOverdue;
  }
}

/** What is told of an edge that is none of the machine's. */
const FRESH = { sinceMs: 0, calls: 0, failures: 0, slow: 0 } as const;
