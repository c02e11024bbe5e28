/** What the process has spent so far, in ns. */
export interface ClockReading {
  readonly wall: number;
  /** CPU of this thread: other processes and the collector's threads do not show in it. */
  readonly thread: number;
  /** CPU of all threads, the collector's included. */
  readonly process: number;
}

const NANOS_PER_MICRO = 1000;
export const NANOS_PER_MS = 1e6;

const nanosOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) * NANOS_PER_MICRO;

/**
 * Reads the three clocks. The CPU of the process is read before that of the thread: Linux brings the account of a running
 * thread up to date for the former alone; without it the latter advances with the timer tick, in steps of up to 4 ms, a
 * fifth of a visit.
 */
export const readClock = (): ClockReading => {
  const processNanos = nanosOf(process.cpuUsage());
  const threadNanos = nanosOf(process.threadCpuUsage());
  return { wall: performance.now() * NANOS_PER_MS, thread: threadNanos, process: processNanos };
};

/** What was spent since a reading. */
export const spentSince = (from: ClockReading): ClockReading => {
  // The wall clock first: the reading of the others takes 3 µs.
  const wall = performance.now() * NANOS_PER_MS;
  const now = readClock();
  return { wall: wall - from.wall, thread: now.thread - from.thread, process: now.process - from.process };
};
