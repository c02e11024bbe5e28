/**
 * The process of one round: loads the arms of one case, visits them in the order it was told, reports, and ends. Started by
 * `start-round.ts` and by nothing else.
 */
import { bytesPerOperation, engineHeap } from './allocation.ts';
import { loadCases } from './case-files.ts';
import type { Arm, Case, RoundContext, Visit } from './define-case.ts';
import { parseJob, type Reading, type RoundJob, type RoundReport } from './round-message.ts';
import { clockVisit, type SamplingOptions, warmUp, withVisit } from './sampler.ts';

/** Operations of a bytes sample: as many as fill so many visits, so that it stays short where nothing is allocated. */
const BYTES_VISITS = 5;

interface Round {
  readonly arms: readonly Arm[];
  readonly context: RoundContext;
  readonly sampling: SamplingOptions;
}

const armOf = ({ arms }: Round, index: number): Arm => {
  const arm = arms[index];
  if (arm === undefined) throw new RangeError(`the case has no arm ${index}`);
  return arm;
};

/** Does something with an arm; what it throws says which arm it was. */
const naming = async <T>(arm: Arm, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw new Error(`arm "${arm.name}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
};

/** Uses a visit to an arm. */
const visitArm = <T>(round: Round, index: number, use: (visit: Visit) => Promise<T>): Promise<T> => {
  const arm = armOf(round, index);
  return naming(arm, () => withVisit(arm, round.context, use));
};

const MIXED = 'some arms of the case measure and some are clocked; either all do or none does';

/**
 * Warms each arm up. The answer has the iterations of each; none at all if the arms measure themselves.
 *
 * What an arm was warmed up on goes to `warm`, and lives as long as the round: V8 throws compiled code away when the last
 * object of a shape that it was compiled for is collected, and each visit would begin with compiling it anew. In a service one
 * such object is always there.
 */
const warmArms = async (round: Round, indices: readonly number[], warm: Visit[]): Promise<Map<number, number>> => {
  const iterations = new Map<number, number>();
  for (const index of indices) {
    const arm = armOf(round, index);
    const isMeasured = await naming(arm, async () => {
      const visit = await arm.setup(round.context);
      warm.push(visit);
      if (visit.measure !== undefined) return true;
      iterations.set(index, await warmUp(visit, round.sampling));
      await visit.verify?.();
      return false;
    });
    if (isMeasured && iterations.size > 0) throw new Error(MIXED);
    // One arm tells of all: to set up ten thousand instances only to ask would be a waste.
    if (isMeasured) return iterations;
  }
  return iterations;
};

const clockArm = (round: Round, index: number, iterations: number): Promise<Reading[]> =>
  visitArm(round, index, async (visit) => {
    const { wall, thread, process } = await clockVisit(visit, iterations, round.sampling);
    await visit.verify?.();
    return [
      { arm: index, series: 'wall', value: wall },
      { arm: index, series: 'thread', value: thread },
      { arm: index, series: 'process', value: process },
    ];
  });

const measureArm = (round: Round, index: number): Promise<Reading[]> =>
  visitArm(round, index, async (visit) => {
    if (visit.measure === undefined) throw new Error(MIXED);
    await visit.run(round.sampling.iterations ?? 1);
    const value = await visit.measure();
    if (!Number.isFinite(value)) throw new Error(`it measured ${value}, which is no number`);
    await visit.verify?.();
    return [{ arm: index, series: 'measured', value }];
  });

const allocateArm = (round: Round, index: number): Promise<Reading[]> =>
  visitArm(round, index, async (visit) => {
    const most = (await warmUp(visit, round.sampling)) * BYTES_VISITS;
    const samples = await bytesPerOperation((iterations) => visit.run(iterations), most, engineHeap);
    await visit.verify?.();
    return samples.map((value) => ({ arm: index, series: 'bytes', value }));
  });

const visitInOrder = async (round: Round, order: readonly number[]): Promise<Reading[]> => {
  const warm: Visit[] = [];
  try {
    const iterations = await warmArms(round, [...new Set(order)], warm);
    const readings: Reading[] = [];
    for (const index of order) {
      const count = iterations.get(index);
      readings.push(...(count === undefined ? await measureArm(round, index) : await clockArm(round, index, count)));
    }
    return readings;
  } finally {
    for (const visit of warm) await visit.close();
  }
};

const allocateInOrder = async (round: Round, order: readonly number[]): Promise<Reading[]> => {
  const readings: Reading[] = [];
  for (const index of order) readings.push(...(await allocateArm(round, index)));
  return readings;
};

const roundOf = (definition: Case, job: RoundJob): Round => ({
  arms: definition.arms,
  // The parent ends a round that was aborted by ending its process.
  context: { seed: job.seed, signal: new AbortController().signal },
  sampling: {
    visitMs: job.visitMs,
    warmupMs: job.warmupMs,
    base: definition.class.startsWith('memory') ? 'thread' : 'wall',
    collects: definition.class !== 'kafka',
    iterations: definition.iterations,
  },
});

const runJob = async (job: RoundJob): Promise<RoundReport> => {
  const definition = (await loadCases(job.file))[job.index];
  if (definition === undefined) throw new RangeError(`${job.file} has no case ${job.index}`);
  const round = roundOf(definition, job);
  const readings = await (job.kind === 'bytes' ? allocateInOrder : visitInOrder)(round, job.order);
  return { readings };
};

const report = async (message: unknown): Promise<RoundReport> => {
  try {
    return await runJob(parseJob(message));
  } catch (error) {
    return { readings: [], voided: error instanceof Error ? error.message : String(error) };
  }
};

process.once('message', (message) => {
  void report(message).then((result) => process.send?.(result, () => process.exit()));
});
// An interrupt is the parent's to handle; a parent that is gone leaves no child behind.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit());
