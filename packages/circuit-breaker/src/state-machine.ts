/**
 * The automatic machine: every decision of the breaker, as pure functions of counters and a time.
 *
 * ```
 *              consecutive | failure-rate | slow-rate | hint
 *      ┌────────┐ ─────────────────────────────▶ ┌────────┐ ◀─┐
 *      │ closed │                                │  open  │   │ probe-failed | probe-timeout | hint
 *      └────────┘ ◀──────── ┌───────────┐ ◀───── └────────┘   │
 *                 probes-   │ half-open │ open-elapsed        │
 *                 succeeded └───────────┘ ────────────────────┘
 * ```
 * `reset` leads from anywhere to closed. The modes lie over the machine: `isolated` refuses all, `disabled` admits all and
 * stops it, `observe` admits all and lets it run. Every change of mode (`manual`) starts the machine again at closed with
 * nothing recorded, or at half-open if isolation is left that way.
 *
 * Invariants (proved by `test/state-machine.property.test.ts`):
 * - I1 A result of an earlier epoch changes no state, tally or probe; every edge begins a new epoch.
 * - I2 Probes in flight never exceed `concurrency`; in flight plus decided never exceed `probes + maxFailures`.
 * - I3 Whatever the dependency does, an admission attempt that follows `leaseMs + maxMs` of quiet is admitted.
 * - I4 The totals of a window equal a recount of its outcomes.
 * - I5 Every admitted call is settled under exactly one heading.
 * - I6 There is no edge but those above.
 * - I7 Who is refused is told to wait 0 ms or longer, never less.
 *
 * Nothing here is driven by a timer. An open breaker becomes half-open, and a probe that never answers loses its lease, in the
 * admission attempt that finds the time passed: an idle breaker costs nothing and cannot be stuck.
 */
export type AutomaticState = 'closed' | 'open' | 'half-open';

/** What a breaker is doing: the automatic machine, or the mode that lies over it. */
export type State = AutomaticState | Overlay;

/** A mode that lies over the machine: refuse all, admit all without counting, or admit all and only say what would happen. */
export type Overlay = 'isolated' | 'disabled' | 'observe';

/** How a breaker is meant to work, apart from isolation. */
export type Mode = 'active' | 'observe' | 'disabled';

/** What half-open has seen and what is under way. */
export interface Probes {
  readonly succeeded: number;
  readonly failed: number;
  readonly inFlight: number;
  /** When the latest probe has had its time. */
  readonly leaseUntilMs: number;
}

export interface HalfOpenLimits {
  /** Successes that close the breaker. */
  readonly probes: number;
  /** Most probes in flight at a time. */
  readonly concurrency: number;
  /** Failures that are tolerated; one more reopens. */
  readonly maxFailures: number;
  /** How long a probe may take before its place is given up. */
  readonly leaseMs: number;
}

/** Whether another probe may start: a place is free, and its result could still matter. */
export const hasFreeProbe = (probes: Probes, limits: HalfOpenLimits): boolean =>
  probes.inFlight < limits.concurrency &&
  probes.inFlight + probes.succeeded + probes.failed < limits.probes + limits.maxFailures;

/** Whether the probes in flight have kept every place for longer than they may. */
export const isLeaseOver = (probes: Probes, limits: HalfOpenLimits, nowMs: number): boolean =>
  !hasFreeProbe(probes, limits) && nowMs >= probes.leaseUntilMs;

/** What the decided probes say; `undefined`: not enough yet. */
export const decideProbes = (probes: Probes, limits: HalfOpenLimits): 'close' | 'reopen' | undefined => {
  if (probes.failed > limits.maxFailures) return 'reopen';
  return probes.succeeded >= limits.probes ? 'close' : undefined;
};
