/** A visit to an arm, inside the process of a round: warm-up, calibration, and the clock pair around the operation. */
import { NANOS_PER_MS, readClock, spentSince, type ClockReading } from './clock.ts';
import type { Arm, RoundContext, Visit } from './define-case.ts';
import { collectGarbage } from './heap.ts';

export interface SamplingOptions {
  readonly visitMs: number;
  readonly warmupMs: number;
  /** The clock that the lengths of warm-up and visit are counted on. */
  readonly base: 'thread' | 'wall';
  /**
   * Whether garbage is collected before the clock starts (BM-8). Not where a client is under load for a second or more: V8 makes the
   * young generation small again with it, and until it has grown much outlives it that is garbage otherwise. Eight idempotent producers
   * on kafkajs lose a third of their rate for more than a second, and a service never meets that.
   */
  readonly collects: boolean;
  /** Iterations of a visit, instead of as many as fill it. */
  readonly iterations?: number | undefined;
}

/** Share of a visit's iterations that run first, untimed: fresh instances meet compiled code again (BM-8). */
const UNTIMED_SHARE = 0.25;
/** Steps in which the iterations grow until they fill a visit. */
const GROWTH = 2;

/** Sets an arm up, uses it, and closes it in any case. */
export const withVisit = async <T>(arm: Arm, context: RoundContext, use: (visit: Visit) => Promise<T>): Promise<T> => {
  const visit = await arm.setup(context);
  try {
    return await use(visit);
  } finally {
    await visit.close();
  }
};

const clocked = async (visit: Visit, iterations: number): Promise<ClockReading> => {
  const from = readClock();
  const running = visit.run(iterations);
  // A synchronous arm is not made to wait for a microtask.
  if (running !== undefined) await running;
  return spentSince(from);
};

/** Runs a visit until it is warm, and answers the iterations that fill a visit of `visitMs`. */
export const warmUp = async (visit: Visit, options: SamplingOptions): Promise<number> => {
  const target = options.visitMs * NANOS_PER_MS;
  let iterations = options.iterations ?? 1;
  for (let total = 0; ;) {
    const spent = (await clocked(visit, iterations))[options.base];
    total += spent;
    const isWarm = total >= options.warmupMs * NANOS_PER_MS;
    if (options.iterations !== undefined) {
      if (isWarm) return iterations;
    } else if (spent < target / GROWTH) {
      iterations *= GROWTH;
    } else if (isWarm) {
      return Math.max(1, Math.ceil((iterations * target) / spent));
    }
  }
};

/** One clocked visit: what an operation took, in ns. */
export const clockVisit = async (
  visit: Visit,
  iterations: number,
  { collects }: Pick<SamplingOptions, 'collects'>,
): Promise<ClockReading> => {
  await visit.run(Math.ceil(iterations * UNTIMED_SHARE));
  if (collects) await collectGarbage();
  const spent = await clocked(visit, iterations);
  return {
    wall: spent.wall / iterations,
    thread: spent.thread / iterations,
    process: spent.process / iterations,
  };
};
