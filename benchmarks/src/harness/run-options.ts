import type { CaseClass } from '../results/schema.ts';

export interface RunOptions {
  /** Rounds of a case, before any doubling. Default: 20 in memory, 12 with a service, 8 with brokers or processes. Range: 4..200. */
  readonly rounds?: number;
  /**
   * Length of a visit: CPU of the thread in memory, wall time for I/O. Default: 20 and 2 000, with brokers 1 000 and with PostgreSQL
   * 200, so that a run of all cases ends in minutes. Range: 5..60 000.
   */
  readonly visitMs?: number;
  /**
   * Warm-up of an arm in each round, on the same clocks. Default: 100 in memory (with 50, 100 and 200 the ratios are the
   * same), 1 000 for I/O, 20 000 with brokers: a client in JavaScript gains speed for so long, by half or more. V8 gives
   * kafkajs's checksum, 5 ns a byte at first and then 2, to its best compiler after some ten thousand batches only. Range: 0..60 000.
   */
  readonly warmupMs?: number;
  /** Resamples of the bootstrap. Default: 10 000, for a stable third digit. Range: 1 000..100 000. */
  readonly resamples?: number;
  /** Load average over cores above which the results are marked noisy (BM-6). Default: 0.7. Range: 0.1..8. */
  readonly maxLoadRatio?: number;
  /** Deadline of a case, so that a hung peer does not hang the run. Default: 600 000, with brokers 3 600 000. Range: 1 000..86 400 000. */
  readonly timeoutMs?: number;
}

const RANGES: Readonly<Record<keyof RunOptions, readonly [number, number]>> = {
  rounds: [4, 200],
  visitMs: [5, 60_000],
  warmupMs: [0, 60_000],
  resamples: [1000, 100_000],
  maxLoadRatio: [0.1, 8],
  timeoutMs: [1000, 86_400_000],
};

const COMMON = { resamples: 10_000, maxLoadRatio: 0.7, timeoutMs: 600_000 };
const MEMORY = { ...COMMON, rounds: 20, visitMs: 20, warmupMs: 100 };
const SERVICE = { ...COMMON, rounds: 12, visitMs: 2000, warmupMs: 1000 };
const DATABASE = { ...SERVICE, visitMs: 200, warmupMs: 1000 };
const BROKER = { ...SERVICE, rounds: 8, visitMs: 1000, warmupMs: 20_000, timeoutMs: 3_600_000 };
const PROCESS = { ...SERVICE, rounds: 8 };

const DEFAULTS: Readonly<Record<CaseClass, Required<RunOptions>>> = {
  'memory-sync': MEMORY,
  'memory-async': MEMORY,
  postgres: DATABASE,
  kafka: BROKER,
  process: PROCESS,
  system: PROCESS,
};

const isName = (name: string): name is keyof RunOptions => name in RANGES;

/** The options of a case of a class. @throws RangeError naming every option that is out of its range */
export const resolveRunOptions = (given: RunOptions, caseClass: CaseClass): Required<RunOptions> => {
  const resolved = { ...DEFAULTS[caseClass], ...given };
  const issues = Object.entries(resolved).flatMap(([name, value]) => {
    const [least, most] = isName(name) ? RANGES[name] : [0, 0];
    return value >= least && value <= most ? [] : [`${name} is ${value}, outside ${least}..${most}`];
  });
  if (issues.length > 0) throw new RangeError(issues.join('; '));
  return resolved;
};
