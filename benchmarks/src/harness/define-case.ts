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

/** One visit to an arm: fresh instances, run, checked, closed. */
export interface Visit {
  /** Does the operation `iterations` times. The loop is the arm's own, so that inline caches are not shared (BM-8). */
  run(iterations: number): void | Promise<void>;
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

export interface Target {
  readonly ours: string;
  /** For `absolute` the arm itself. */
  readonly reference: string;
  readonly metric: 'time' | 'throughput' | 'bytes' | 'count';
  readonly bound: number;
  /** `ratio`: ours / reference. `difference`: ours − reference. `absolute`: ours. */
  readonly kind: 'ratio' | 'difference' | 'absolute';
  /** With `difference`: the arm whose value is the unit of the bound, such as one clock read of the same run (BM-1). */
  readonly per?: string;
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
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly arms: readonly Arm[];
  readonly targets: readonly Target[];
  readonly services?: readonly ('postgres' | 'kafka' | 'fake-broker')[];
}

/** Answers the case, after a look at whether its arms and targets fit each other. @throws RangeError saying what does not */
export const defineCase = (definition: Case): Case => {
  const names = definition.arms.map((arm) => arm.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RangeError(`${definition.id} has two arms named "${twice}"`);
  for (const { ours, reference, per } of definition.targets) {
    const missing = [ours, reference, per ?? ours].find((name) => !names.includes(name));
    if (missing !== undefined)
      throw new RangeError(`${definition.id} has a target on "${missing}", which is no arm of it`);
  }
  return definition;
};
