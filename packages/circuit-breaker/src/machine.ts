/**
 * The automatic machine with its memory: the state, what was recorded in it, and how often it has opened.
 *
 * The decisions are pure functions (`state-machine.ts`, `trip-rule.ts`, `open-duration.ts`); this class keeps the counters that
 * they read and takes the edges that they answer. It knows neither permits nor modes: `admission.ts` does.
 */
import type { Counters } from './counters.ts';
import type { RefusalReason } from './errors.ts';
import { nominalMsOf, openCountBefore, openingAfter, type Openings } from './open-duration.ts';
import type { BreakerEnvironment, BreakerSettings } from './options.ts';
import { Ramp, rampStepMs } from './ramp.ts';
import type { RestoredState } from './snapshot.ts';
import { type AutomaticState, decideProbes, hasFreeProbe, isLeaseOver, type Probes } from './state-machine.ts';
import { Tally } from './tally.ts';
import type { Ending } from './ticket.ts';
import type { TransitionCause } from './transition.ts';
import { decideTrip } from './trip-rule.ts';
import { outcomeFor, SLOW } from './windows/failure-window.ts';

/** One edge of the machine, as it was taken. */
export interface MachineEdge extends Trigger {
  readonly from: AutomaticState;
  /** Time spent in `from`. */
  readonly sinceMs: number;
  /** The window at that moment. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** Why an edge is taken. */
interface Trigger {
  readonly cause: TransitionCause;
  readonly nowMs: number;
  readonly error?: unknown;
  readonly reason?: string;
}

export interface MachineParts {
  readonly settings: BreakerSettings;
  readonly environment: BreakerEnvironment;
  readonly counters: Counters;
  readonly owner: MachineOwner;
}

export interface MachineOwner {
  /** Told after each edge; must not call back. */
  onMachineEdge(edge: MachineEdge): void;
}

/** Of a machine that has never opened; the others have one of their own. */
const NEVER_OPENED: Openings = { count: 0, lastMs: 0, closedAtMs: 0 };

type MutableProbes = { -readonly [Count in keyof Probes]: Probes[Count] };

const newProbes = (): MutableProbes => ({ succeeded: 0, failed: 0, inFlight: 0, leaseUntilMs: 0 });

/** Of a machine that is not half-open; nobody writes to it. */
const NO_PROBES = /* @__PURE__ */ newProbes();

export class Machine {
  readonly tally: Tally;
  readonly bornMs: number;
  readonly #environment: BreakerEnvironment;
  readonly #counters: Counters;
  readonly #owner: MachineOwner;
  #settings: BreakerSettings;
  #state: AutomaticState = 'closed';
  #sinceMs: number;
  #ramp: Ramp | undefined;
  #openUntilMs = 0;
  #probes = NO_PROBES;
  #openings = NEVER_OPENED;

  constructor({ settings, environment, counters, owner }: MachineParts) {
    const nowMs = environment.clock.now();
    this.bornMs = nowMs;
    this.#settings = settings;
    this.#environment = environment;
    this.#counters = counters;
    this.#owner = owner;
    this.#sinceMs = nowMs;
    this.tally = new Tally(settings.window, nowMs);
  }

  get state(): AutomaticState {
    return this.#state;
  }
  get openCount(): number {
    return this.#openings.count;
  }
  get probesInFlight(): number {
    return this.#probes.inFlight;
  }
  /** Closed, and no slow start under way: every attempt is admitted. */
  get isWide(): boolean {
    return this.#state === 'closed' && this.#ramp === undefined;
  }

  /** Closed, and starting slowly. */
  get isRamping(): boolean {
    return this.#ramp !== undefined;
  }

  /** Until an open machine lets a probe through. */
  openRemainingMs(nowMs: number): number {
    return this.#state === 'open' ? Math.max(0, this.#openUntilMs - nowMs) : 0;
  }

  leaseRemainingMs(nowMs: number): number {
    return Math.max(0, this.#probes.leaseUntilMs - nowMs);
  }

  /** When an attempt that a slow start refused should be made again. */
  get rampStepMs(): number {
    return rampStepMs(this.#settings.rampMs);
  }

  /**
   * Why an attempt is refused; `undefined`: it is admitted, and if it is a probe it has its place. Edges that are due are taken
   * here: open → half-open, and half-open → open when a lease is over.
   */
  attempt(nowMs: number): RefusalReason | undefined {
    if (this.#state !== 'closed') return this.#attemptProbe(nowMs);
    if (this.#ramp?.isOver(nowMs) === true) this.#ramp = undefined;
    return this.#ramp === undefined || this.#ramp.admit(nowMs) ? undefined : 'ramp';
  }

  #attemptProbe(nowMs: number): RefusalReason | undefined {
    const { halfOpen } = this.#settings;
    if (this.#state === 'half-open' && isLeaseOver(this.#probes, halfOpen, nowMs)) {
      this.#counters.rare.probesExpired += this.#probes.inFlight;
      // The open period begins where the lease ended, not where somebody noticed: who comes late need not wait for it again.
      this.#open({ cause: 'probe-timeout', nowMs }, this.#probes.leaseUntilMs);
    }
    if (this.#state === 'open') {
      if (nowMs < this.#openUntilMs) return 'open';
      this.#move('half-open', { cause: 'open-elapsed', nowMs });
    }
    const probes = this.#probes;
    if (!hasFreeProbe(probes, halfOpen)) return 'probes-busy';
    probes.inFlight += 1;
    probes.leaseUntilMs = nowMs + halfOpen.leaseMs;
    this.#counters.rare.probesStarted += 1;
    return undefined;
  }

  /** Counts a result of the present state. */
  count(ending: Ending): void {
    if (this.#state !== 'closed') this.#countProbe(ending);
    else if (ending.verdict !== 'ignore') this.#countCall(ending);
  }

  /** Counts a success that was not slow, in closed: the short way of `count`. `endedAtMs`: `NaN` if nobody has looked yet. */
  countSuccess(endedAtMs: number): void {
    const { tally } = this;
    tally.consecutive = 0;
    tally.window?.record(0, tally.isTimed && Number.isNaN(endedAtMs) ? this.#now() : endedAtMs);
  }

  #countCall({ verdict, slow, overdue, endedAtMs, error }: Ending): void {
    const failed = verdict === 'failure';
    const nowMs = Number.isNaN(endedAtMs) && this.tally.isTimed ? this.#now() : endedAtMs;
    if (overdue) this.tally.recordRun(failed);
    else this.tally.record(outcomeFor(failed, slow), nowMs);
    if (failed || slow) this.#tripIfDue(error);
  }

  /** A call that still runs counts as slow, in closed. */
  countOverdue(nowMs: number): void {
    this.tally.window?.record(SLOW, nowMs);
    this.#tripIfDue(undefined);
  }

  #tripIfDue(error: unknown): void {
    const cause = decideTrip(this.tally, this.#settings.trip);
    if (cause === undefined) return;
    const nowMs = this.#now();
    this.#open({ cause, nowMs, error }, nowMs);
  }

  #countProbe({ verdict, slow, error }: Ending): void {
    const probes = this.#probes;
    const counters = this.#counters.rare;
    probes.inFlight -= 1;
    if (verdict === 'ignore') {
      counters.probesIgnored += 1;
      return;
    }
    if (verdict === 'failure' || (slow && this.#settings.trip.slowRatio > 0)) {
      probes.failed += 1;
      counters.probesFailed += 1;
    } else {
      probes.succeeded += 1;
      counters.probesSucceeded += 1;
    }
    this.#decideProbes(error);
  }

  #decideProbes(error?: unknown): void {
    const decision = decideProbes(this.#probes, this.#settings.halfOpen);
    if (decision === undefined) return;
    const nowMs = this.#now();
    if (decision === 'close') this.#move('closed', { cause: 'probes-succeeded', nowMs });
    else this.#open({ cause: 'probe-failed', nowMs, error }, nowMs);
  }

  /** Opens with the duration that this opening has earned, counted from `fromMs`. */
  #open(trigger: Trigger, fromMs: number): void {
    const { open } = this.#settings;
    const opening = openingAfter(this.#openCountBefore(trigger.nowMs), open, this.#environment.random);
    this.#openings = { ...this.#openings, count: opening.count, lastMs: opening.nominalMs };
    this.#openUntilMs = fromMs + opening.openForMs;
    this.#move('open', trigger);
  }

  #openCountBefore(nowMs: number): number {
    return openCountBefore(this.#openings, this.#settings.open, { nowMs, fromClosed: this.#state === 'closed' });
  }

  /** Opens or stays open for `forMs`, whatever the results say. */
  suggestOpen(forMs: number, reason: string): void {
    const nowMs = this.#now();
    const openForMs = Math.min(forMs, this.#settings.open.maxMs);
    if (this.#state === 'open') {
      this.#openUntilMs = Math.max(this.#openUntilMs, nowMs + openForMs);
      return;
    }
    this.#openings = { ...this.#openings, count: this.#openCountBefore(nowMs) + 1, lastMs: openForMs };
    this.#openUntilMs = nowMs + openForMs;
    this.#move('open', { cause: 'hint', nowMs, reason });
  }

  reset(): void {
    this.#openings = NEVER_OPENED;
    this.#move('closed', { cause: 'reset', nowMs: this.#now() });
  }

  /** Begins again, without an edge of its own: the change of a mode is the edge. */
  restart(at: 'closed' | 'half-open', nowMs: number): void {
    this.#enter(at, nowMs);
  }

  /** Begins where a saved machine left off, without an edge of its own. */
  restore(saved: RestoredState, nowMs: number): void {
    const lastMs = nominalMsOf(saved.openCount, this.#settings.open);
    this.#openings = { count: saved.openCount, lastMs, closedAtMs: nowMs };
    this.#enter(saved.state, nowMs);
    this.#openUntilMs = nowMs + saved.openRemainingMs;
    if (saved.state === 'open') return;
    this.tally.consecutive = saved.consecutiveFailures;
    if (saved.window !== undefined) this.tally.window?.restore(saved.window, nowMs, saved.elapsedMs);
  }

  /** Takes new settings; a running open period and the window stay as they are. */
  update(settings: BreakerSettings): void {
    this.#settings = settings;
    if (this.#state === 'half-open') this.#decideProbes();
  }

  #move(to: AutomaticState, trigger: Trigger): void {
    const { calls, failures, slow } = this.tally;
    const edge = { ...trigger, from: this.#state, sinceMs: trigger.nowMs - this.#sinceMs, calls, failures, slow };
    this.#enter(to, trigger.nowMs);
    const { rampMs } = this.#settings;
    if (trigger.cause === 'probes-succeeded' && rampMs > 0) this.#ramp = new Ramp(trigger.nowMs, rampMs);
    this.#owner.onMachineEdge(edge);
  }

  #enter(to: AutomaticState, nowMs: number): void {
    this.#state = to;
    this.#sinceMs = nowMs;
    this.#ramp = undefined;
    this.#probes = to === 'half-open' ? newProbes() : NO_PROBES;
    if (to !== 'closed') return;
    this.tally.clear();
    if (this.#openings.count > 0) this.#openings = { ...this.#openings, closedAtMs: nowMs };
  }

  #now(): number {
    return this.#environment.clock.now();
  }
}
