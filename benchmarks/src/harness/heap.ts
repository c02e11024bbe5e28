import { setImmediate as macrotask } from 'node:timers/promises';

const COLLECTIONS = 3;

/** Collects what can be collected, finalizers included. @throws Error in a process without `--expose-gc` */
export const collectGarbage = async (): Promise<void> => {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('this process runs without --expose-gc, so nothing can be measured in it');
  for (let pass = 0; pass < COLLECTIONS; pass += 1) {
    collect();
    // A finalizer runs in a task of its own, and what it lets go of is garbage of the next pass.
    await macrotask();
  }
};

/** Bytes that live objects hold, on the heap and outside it, after three collections. */
export const retainedBytes = async (): Promise<number> => {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
