/** Simulated time: callbacks in order of their time, and of their arrival at equal times. */
export interface EventQueue {
  now(): number;
  after(delayMs: number, run: () => void): void;
  /** Runs everything up to `untilMs`, or until `stop()` says so. */
  runUntil(untilMs: number, stop?: () => boolean): void;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

const before = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

export const eventQueue = (): EventQueue => {
  const heap: Entry[] = [];
  let nowMs = 0;
  let order = 0;
  const at = (index: number): Entry => {
    const entry = heap[index];
    if (entry === undefined) throw new Error(`no entry ${index}`);
    return entry;
  };
  const swap = (a: number, b: number): void => {
    const entry = at(a);
    heap[a] = at(b);
    heap[b] = entry;
  };
  const push = (entry: Entry): void => {
    heap.push(entry);
    for (let index = heap.length - 1; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!before(at(index), at(parent))) break;
      swap(index, parent);
      index = parent;
    }
  };
  const pop = (): Entry => {
    const first = at(0);
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && before(at(right), at(left)) ? right : left;
      if (!before(at(child), at(index))) break;
      swap(index, child);
      index = child;
    }
    return first;
  };
  return {
    now: () => nowMs,
    after: (delayMs, run) => push({ atMs: nowMs + Math.max(0, delayMs), order: (order += 1), run }),
    runUntil: (untilMs, stop = () => false) => {
      while (heap.length > 0 && at(0).atMs <= untilMs && !stop()) {
        const entry = pop();
        nowMs = Math.max(nowMs, entry.atMs);
        entry.run();
      }
      if (!stop()) nowMs = Math.max(nowMs, untilMs);
    },
  };
};
