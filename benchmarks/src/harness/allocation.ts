/** Bytes that an operation allocates (BM-14), nearly free of noise: the growth of the heap while nothing is collected. */
import { GCProfiler } from 'node:v8';

import { collectGarbage } from './heap.ts';

/** Of the running engine, what the measurement needs. */
export interface HeapProbe {
  collect(): Promise<void>;
  usedBytes(): number;
  /** Watches for collections; the answer says how many there were. */
  watch(): () => number;
}

/**
 * Flags of a process in which a sample meets no collection. The smallest size matters as well: the young generation starts
 * at 1 MiB and is collected each time it is full, until it has grown.
 */
export const ALLOCATION_FLAGS = ['--max-semi-space-size=256', '--min-semi-space-size=256'];

const BYTES_SAMPLES = 5;

/** Growth that a sample aims at: a quarter of the young generation. */
const SAMPLE_BYTES = 64 * 1024 * 1024;
const TRIAL_ITERATIONS = 1000;
const MAX_VOIDED = 20;

export const engineHeap: HeapProbe = {
  collect: collectGarbage,
  usedBytes: () => process.memoryUsage().heapUsed,
  watch: () => {
    const profiler = new GCProfiler();
    profiler.start();
    return () => profiler.stop().statistics.length;
  },
};

/** Growth of the heap by an operation, or nothing if there was a collection in between. */
export const sampleBytes = async (
  run: (iterations: number) => void | Promise<void>,
  iterations: number,
  heap: HeapProbe,
): Promise<number | undefined> => {
  await heap.collect();
  const collections = heap.watch();
  const before = heap.usedBytes();
  await run(iterations);
  const growth = heap.usedBytes() - before;
  return collections() === 0 ? growth / iterations : undefined;
};

/**
 * Samples of the bytes an operation allocates, at most `maxIterations` operations each. A voided sample is taken again with
 * half the iterations. @throws Error if collections void sample after sample
 */
export const bytesPerOperation = async (
  run: (iterations: number) => void | Promise<void>,
  maxIterations: number,
  heap: HeapProbe,
): Promise<number[]> => {
  const trial = (await sampleBytes(run, Math.min(TRIAL_ITERATIONS, maxIterations), heap)) ?? SAMPLE_BYTES;
  let iterations = Math.min(maxIterations, Math.max(1, Math.floor(SAMPLE_BYTES / Math.max(1, trial))));
  const samples: number[] = [];
  for (let voided = 0; samples.length < BYTES_SAMPLES;) {
    const sample = await sampleBytes(run, iterations, heap);
    if (sample === undefined) {
      voided += 1;
      if (voided > MAX_VOIDED) throw new Error(`collections voided ${voided} samples of its bytes`);
      iterations = Math.max(1, Math.floor(iterations / 2));
    } else samples.push(sample);
  }
  return samples;
};
