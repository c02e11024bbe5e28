/**
 * Ordered stop of the parts of a bus: each in its turn, each under a deadline of its own, none able to hold up the process.
 *
 * The parts share one deadline. Each gets half of what is left, the last one all of it: the first in the order (the relay, which waits for
 * what is in flight) gets the most, and a part that hangs leaves time for the others. A part that fails or overruns is reported, and the
 * stop goes on: whatever can be closed is closed.
 */
import type { Timers } from '@busbar/retry';

/** What is stopped, in the order of the list. */
export interface StoppablePart {
  readonly name: string;
  /** Resolves with what was left undone, in words, or with undefined when nothing was. */
  close(deadlineMs: number): Promise<string | undefined>;
}

/** How the stop of one part went. */
export interface ClosedPart {
  readonly part: string;
  readonly durationMs: number;
  /** What was left undone; absent when the part closed completely. */
  readonly left?: string;
}

/** What `close()` of a bus resolves with: one row a part, in the order in which they were closed. */
export interface BusCloseReport {
  readonly durationMs: number;
  /** Nothing was left undone. */
  readonly complete: boolean;
  readonly parts: readonly ClosedPart[];
}

export interface StopOptions {
  readonly deadlineMs: number;
  readonly now: () => number;
  readonly timers: Timers;
}

const MIN_SHARE_MS = 1;

const closeWithin = (part: StoppablePart, deadlineMs: number, timers: Timers): Promise<string | undefined> =>
  new Promise((resolve) => {
    const timer = timers.set(() => resolve(`did not close within ${Math.round(deadlineMs)} ms`), deadlineMs);
    const settle = (left: string | undefined): void => {
      timers.clear(timer);
      resolve(left);
    };
    part
      .close(deadlineMs)
      .then(settle, (error: unknown) =>
        settle(`failed to close: ${error instanceof Error ? error.message : String(error)}`),
      );
  });

/** Stops the parts in their order; never rejects. */
export const stopInOrder = async (parts: readonly StoppablePart[], o: StopOptions): Promise<BusCloseReport> => {
  const startedAtMs = o.now();
  const closed: ClosedPart[] = [];
  for (const [index, part] of parts.entries()) {
    const partStartedAtMs = o.now();
    const remainingMs = Math.max(MIN_SHARE_MS, o.deadlineMs - (partStartedAtMs - startedAtMs));
    const shareMs = index === parts.length - 1 ? remainingMs : Math.max(MIN_SHARE_MS, remainingMs / 2);
    // oxlint-disable-next-line no-await-in-loop -- the order is the point
    const left = await closeWithin(part, shareMs, o.timers);
    closed.push({ part: part.name, durationMs: o.now() - partStartedAtMs, ...(left === undefined ? {} : { left }) });
  }
  return { durationMs: o.now() - startedAtMs, complete: closed.every(({ left }) => left === undefined), parts: closed };
};
