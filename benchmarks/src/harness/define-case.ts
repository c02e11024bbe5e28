/**
 * What a benchmark is: one operation done by several arms, measured against each other in one run.
 *
 * A case makes a claim only through its targets, and every target names the arm it is a ratio to (BM-1, BM-2). What the
 * harness does with a case stands in `run-cases.ts`.
 */
import type { CaseClass, Direction, Unit } from '../results/schema.ts';

/** What an arm is to ours: the operation without us, another library, the naive way, our last release, the merge base. */
export type ArmRole = 'ours' | 'bare' | 'peer' | 'baseline' | 'prev' | 'base';

export interface RoundContext {
  /** A number that is the same for every arm of a round, and another in every round: seeds what an arm draws. */
  readonly seed: number;
  readonly signal: AbortSignal;
}

/**
 * One visit to an arm: fresh instances, run, checked, closed.
 *
 * A *clocked* visit has `run` alone. The harness warms the arm up on a visit of its own, finds the iterations that take
 * 20 ms, and clocks two visits a round; each starts with a short untimed run and `gc()`, so that its instances, and a
 * loop that `setup` builds anew, are compiled. A loop that `setup` takes from the module is warm already.
 *
 * A *measured* visit has `measure` as well: the harness calls `run(case.iterations ?? 1)` once, without warm-up and
 * without a clock, and then `measure()`, whose answer is the value of the visit in the unit of the case. So is measured
 * what a loop cannot show: bytes that idle instances keep (`run(10_000)` creates and keeps them, `measure` answers the
 * growth of `retainedBytes()` of `heap.ts` divided by 10 000), timers that are left, milliseconds that a fresh process
 * takes to import, bytes of a `dist`. Either every arm of a case measures or none does.
 */
export interface Visit {
  /** Does the operation `iterations` times. The loop is the arm's own, so that inline caches are not shared (BM-8). */
  run(iterations: number): void | Promise<void>;
  /** The value of the visit in the unit of the case, instead of the clock's. Called once, after `run`. */
  measure?(): number | Promise<number>;
  /** Throws if what was measured did not do what it claims; that voids the case (BM-5). */
  verify?(): void | Promise<void>;
  close(): Promise<void>;
}

export interface Arm {
  readonly name: string;
  readonly role: ArmRole;
  readonly package?: string;
  /** The options that were chosen, in words. */
  readonly options?: string;
  /** Not timed. Loads what it needs with `import()`, so that an arm that is not asked for costs nothing. */
  setup(context: RoundContext): Promise<Visit>;
  /** What this arm does not guarantee and ours does (BM-3). */
  readonly caveat?: string;
}

/**
 * The claim of a case. The estimate is the median over rounds of what `kind` says, its interval a bootstrap (BM-10).
 *
 * What `metric` reads, per arm and round, in a clocked case: `time` the thread CPU time of an operation in memory, else
 * its wall time (BM-13), in ms where the unit is `ms/op` and in ns elsewhere; `cpu` that of the whole process, the
 * collector's threads included, in ns (BM-17); `throughput` operations per second of wall time; `bytes` allocated per operation, from a process of its own in which nothing is collected (BM-14; in-memory
 * classes only; a case with the unit `B/op` and no other targets is not clocked at all). In a measured case every metric reads the measured value; `count` exists there only.
 *
 * `throughput` must reach the bound, `time`, `cpu` and `bytes` must not exceed it; with `count` the direction of the case says.
 */
export interface Target {
  readonly ours: string;
  /** For `absolute` the arm itself. */
  readonly reference: string;
  readonly metric: 'time' | 'cpu' | 'throughput' | 'bytes' | 'count';
  readonly bound: number;
  /** `ratio`: ours / reference. `difference`: ours − reference. `absolute`: ours. */
  readonly kind: 'ratio' | 'difference' | 'absolute';
  /**
   * With `difference` and `absolute`: the arm whose value is the unit of the bound, such as one clock read of the same
   * run (BM-1).
   */
  readonly per?: string;
  /** With `ratio`: the arm whose value is taken off both sides first, (ours − over) / (reference − over): bytes over bare. */
  readonly over?: string;
  readonly note?: string;
}

export interface Case {
  /** `B-CB-1`: the row of the target table. Cases of one row differ in title and parameters. */
  readonly id: string;
  readonly title: string;
  /** The requirements it proves a part of, `R-CB-2`. */
  readonly requirements: readonly string[];
  readonly class: CaseClass;
  readonly unit: Unit;
  readonly direction: Direction;
  /** Iterations of a visit. Default: as many as fill a visit of the class; 1 in a measured case. */
  readonly iterations?: number;
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly arms: readonly Arm[];
  readonly targets: readonly Target[];
  readonly services?: readonly ('postgres' | 'kafka' | 'fake-broker')[];
}

/** What is wrong with a target, or nothing. */
const flawOf = ({ ours, reference, kind, per, over }: Target, arms: readonly string[]): string | undefined => {
  const missing = [ours, reference, per ?? ours, over ?? ours].find((name) => !arms.includes(name));
  if (missing !== undefined) return `a target on "${missing}", which is no arm of it`;
  if (per !== undefined && kind === 'ratio') return 'a ratio target with "per"';
  if (over !== undefined && kind !== 'ratio') return `a target of kind ${kind} with "over"`;
  if (kind === 'absolute' && ours !== reference) return `an absolute target with the reference "${reference}"`;
  return undefined;
};

/** Answers the case, after a look at whether its arms and targets fit each other. @throws RangeError saying what does not */
export const defineCase = (definition: Case): Case => {
  const names = definition.arms.map((arm) => arm.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RangeError(`${definition.id} has two arms named "${twice}"`);
  for (const target of definition.targets) {
    const flaw = flawOf(target, names);
    if (flaw !== undefined) throw new RangeError(`${definition.id} has ${flaw}`);
  }
  return definition;
};
