/** B-RT-4: what a million calls that succeed leave behind. */
import { retrySubject } from '../../arms/busbar-retry.ts';
import { mustBe } from '../../arms/looped-arm.ts';
import { ownFunction, ownLoop, type Protected } from '../../arms/own-loop.ts';
import { type Arm, type Case, defineCase } from '../../harness/define-case.ts';
import { retainedBytes } from '../../harness/heap.ts';

const CALLS = 1_000_000;
/** Compiles the loop, whose code is part of the heap. */
const WARM_CALLS = 100_000;
/** A twentieth of a byte a call: what the engine itself adds to its heap meanwhile. */
const FLAT_BYTES = 50_000;

interface GrowthArm<S> extends Pick<Arm, 'name' | 'role' | 'package' | 'options'> {
  readonly operation: string;
  readonly create: () => S | Promise<S>;
  readonly verify?: (subject: S, calls: number) => void;
  readonly close?: (subject: S) => void;
}

const growthArm = <S>({ operation, create, verify, close, ...arm }: GrowthArm<S>): Arm => {
  const loop = ownLoop<S>(operation);
  const call = ownFunction<Protected>('async () => 1');
  return {
    ...arm,
    setup: async () => {
      const subject = await create();
      await loop(WARM_CALLS, subject, call);
      const before = await retainedBytes();
      return {
        run: async (iterations) => {
          await loop(iterations, subject, call);
        },
        measure: async () => (await retainedBytes()) - before,
        verify: () => {
          verify?.(subject, WARM_CALLS + CALLS);
        },
        close: () => {
          close?.(subject);
          return Promise.resolve();
        },
      };
    },
  };
};

export const cases: readonly Case[] = [
  defineCase({
    id: 'B-RT-4',
    title: 'heap growth over 10⁶ calls that succeed (R-PR-1)',
    requirements: ['R-PR-1'],
    class: 'memory-async',
    unit: 'B',
    direction: 'smaller',
    iterations: CALLS,
    parameters: { calls: CALLS },
    arms: [
      growthArm({
        name: 'execute',
        role: 'ours',
        package: '@busbar/retry',
        options: 'deadlineMs 60 000 and a signal, so that each call has a timer and a listener',
        operation: 'await subject.policy.execute(fn, { signal: subject.signal });',
        create: () => retrySubject({ deadlineMs: 60_000 }),
        verify: ({ policy }, calls) => {
          mustBe('stats().succeededFirst', policy.stats().succeededFirst, calls);
        },
        close: ({ policy }) => {
          policy.close();
        },
      }),
      growthArm({ name: 'bare', role: 'bare', operation: 'await fn();', create: () => undefined }),
    ],
    targets: [{ ours: 'execute', reference: 'execute', metric: 'bytes', bound: FLAT_BYTES, kind: 'absolute' }],
  }),
];
