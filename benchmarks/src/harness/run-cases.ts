/**
 * The schedule of a run: case after case, round after round, each in a process of its own and never two at once (BM-6, BM-7).
 *
 * A case whose targets are marginal, met by the estimate but not by the end of its interval, gets as many rounds again, up
 * to twice (BM-12). A case of which an arm throws, is wrong or hangs is voided and makes no claim (BM-5).
 */
import type { CaseClass, CaseResult, Floor } from '../results/schema.ts';
import type { LocatedCase } from './case-files.ts';
import { floorOf } from './compare.ts';
import type { Case } from './define-case.ts';
import { floorCases } from './floor.ts';
import { isInMemory, Measurements } from './measurements.ts';
import type { RoundJob } from './round-message.ts';
import { resolveRunOptions, type RunOptions } from './run-options.ts';
import { seedOf } from './seed.ts';
import { startRound, VoidedCaseError } from './start-round.ts';
import { type Judgement, summarize, voidedResult } from './summarize.ts';
import { visitOrder } from './visit-order.ts';

/** How often the rounds of a marginal case are doubled (BM-12). */
const MAX_DOUBLINGS = 2;

export interface Progress {
  /** Called after each round. */
  onRound?(definition: Case, done: number, wanted: number): void;
  /** Called when a case has its result. */
  onCase?(result: CaseResult): void;
}

export interface RunContext extends Progress {
  readonly options: RunOptions;
  readonly signal: AbortSignal;
}

interface CaseRun {
  readonly located: LocatedCase;
  readonly measurements: Measurements;
  readonly options: Required<RunOptions>;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

const jobOf = ({ located: { definition, file, index }, options, seed }: CaseRun, round: number): RoundJob => ({
  kind: 'round',
  file,
  index,
  seed: seedOf(`${seed} ${round}`),
  order: visitOrder(definition.arms.length, round),
  visitMs: options.visitMs,
  warmupMs: options.warmupMs,
});

/** Whether the claims of the case are on allocated bytes alone, so that no clock is needed. */
const isAllocation = ({ unit, targets }: Case): boolean =>
  unit === 'B/op' && targets.every(({ metric }) => metric === 'bytes');

const needsBytes = ({ located: { definition }, measurements }: CaseRun): boolean =>
  definition.unit === 'B/op' ||
  (isInMemory(definition) &&
    !measurements.has('measured') &&
    definition.targets.some(({ metric }) => metric === 'bytes'));

/** Rounds from one number up to another, and then the samples of bytes. */
const measure = async (run: CaseRun, from: number, to: number): Promise<void> => {
  const { definition } = run.located;
  const armCount = definition.arms.length;
  for (let round = from; round < to && !isAllocation(definition); round += 1) {
    run.measurements.addRound(await startRound(jobOf(run, round), run.signal), armCount);
    run.progress.onRound?.(definition, round + 1, to);
  }
  if (!needsBytes(run)) return;
  const order = definition.arms.map((_, index) => index);
  run.measurements.addSamples(await startRound({ ...jobOf(run, to), kind: 'bytes', order }, run.signal), armCount);
};

/** Measures until no target is marginal, or it has been doubled often enough. */
const measureUntilClear = async (run: CaseRun, judgement: Judgement, startedAt: number): Promise<CaseResult> => {
  let done = 0;
  for (let doublings = 0; ; doublings += 1) {
    const wanted = done === 0 ? run.options.rounds : done * 2;
    await measure(run, done, wanted);
    done = wanted;
    const { definition } = run.located;
    const result = summarize({ definition, measurements: run.measurements }, judgement, performance.now() - startedAt);
    if (doublings === MAX_DOUBLINGS || !result.targets.some(({ status }) => status === 'marginal')) return result;
  }
};

/** Runs one case. Fails with nothing but the reason of the signal: what an arm does voids the case. */
export const runCase = async (located: LocatedCase, context: RunContext, floor: number): Promise<CaseResult> => {
  const { definition } = located;
  const options = resolveRunOptions(context.options, definition.class);
  const startedAt = performance.now();
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const seed = seedOf(`${definition.id} ${definition.title}`);
  const signal = AbortSignal.any([context.signal, deadline]);
  const run = { located, measurements: new Measurements(), options, seed, signal, progress: context };
  try {
    return await measureUntilClear(run, { seed, resamples: options.resamples, floor }, startedAt);
  } catch (error) {
    context.signal.throwIfAborted();
    const reason = voidingReason(error, deadline.aborted ? options.timeoutMs : undefined);
    if (reason === undefined) throw error;
    return voidedResult(definition, reason, performance.now() - startedAt);
  }
};

const voidingReason = (error: unknown, passedMs: number | undefined): string | undefined => {
  if (passedMs !== undefined) return `it did not end within ${passedMs} ms`;
  return error instanceof VoidedCaseError || error instanceof RangeError ? error.message : undefined;
};

/** The floor of each class that is there, from its A/A case. @throws Error if that was voided */
const runFloors = async (cases: readonly LocatedCase[], context: RunContext): Promise<Floor[]> => {
  const classes = new Set(cases.map(({ definition }) => definition.class));
  const floors: Floor[] = [];
  for (const located of floorCases(classes)) {
    const { comparisons, voided } = await runCase(located, context, 0);
    const [pair] = comparisons;
    if (pair === undefined)
      throw new Error(`the A/A case of the class ${located.definition.class} was voided: ${voided}`);
    floors.push({ class: located.definition.class, deltaRatio: floorOf(pair), rounds: pair.rounds });
  }
  return floors;
};

/** Runs the A/A cases of the classes that are there, then the cases. Rejects with the reason of the signal. */
export const runCases = async (
  cases: readonly LocatedCase[],
  context: RunContext,
): Promise<{ floors: Floor[]; cases: CaseResult[] }> => {
  const floors = await runFloors(cases, context);
  const floorFor = (caseClass: CaseClass): number =>
    floors.find((floor) => floor.class === caseClass)?.deltaRatio ?? Number.NaN;
  const results: CaseResult[] = [];
  for (const located of cases) {
    const result = await runCase(located, context, floorFor(located.definition.class));
    context.onCase?.(result);
    results.push(result);
  }
  return { floors, cases: results };
};
