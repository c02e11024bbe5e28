/** An arm as a loop: what it is made of, and what has to be true after it ran. */
import type { Arm, ArmRole } from '../harness/define-case.ts';
import { ownFunction, ownLoop, type Protected } from './own-loop.ts';

/** What ran in a visit. */
export interface Ran<S> {
  readonly subject: S;
  /** Operations in all. */
  readonly operations: number;
  /** What the loop answered last. */
  readonly last: unknown;
}

export interface LoopedArm<S> {
  readonly name: string;
  readonly role: ArmRole;
  readonly package?: string;
  readonly options?: string;
  readonly caveat?: string;
  /** See {@link ownLoop}. */
  readonly operation: string;
  /** The text of the protected function. Default: `async () => 1`. */
  readonly fn?: string;
  /** Fresh for every visit. */
  readonly create: () => S | Promise<S>;
  /** Throws if a visit did not do what it claims. */
  readonly verify?: (ran: Ran<S>) => void;
  readonly close?: (subject: S) => void | Promise<void>;
}

/** Throws unless two numbers are the same. */
export const mustBe = (what: string, actual: number, expected: number): void => {
  if (actual !== expected) throw new Error(`${what} must be ${String(expected)}, is ${String(actual)}`);
};

/** Throws unless `error` has that code: the loop must have met the refusal it measures, and no other error. */
export const mustHaveCode = (error: unknown, code: string): void => {
  const actual = error instanceof Error && 'code' in error ? error.code : error;
  if (actual !== code) throw new Error(`the last error must be ${code}`, { cause: error });
};

/** The loop and the function are made once, so that every visit but the first finds them compiled. */
export const loopedArm = <S>(made: LoopedArm<S>): Arm => {
  const { name, role, operation, fn = 'async () => 1', create, verify, close } = made;
  const loop = ownLoop<S>(operation);
  const call = ownFunction<Protected>(fn);
  return {
    name,
    role,
    ...(made.package !== undefined && { package: made.package }),
    ...(made.options !== undefined && { options: made.options }),
    ...(made.caveat !== undefined && { caveat: made.caveat }),
    setup: async () => {
      const subject = await create();
      let operations = 0;
      let last: unknown;
      return {
        run: async (iterations) => {
          last = await loop(iterations, subject, call);
          operations += iterations;
        },
        verify: () => {
          verify?.({ subject, operations, last });
        },
        close: async () => {
          await close?.(subject);
        },
      };
    },
  };
};

/** A function that rejects with an error it made before, so that no stack is captured in the loop. */
export const REJECTING = `(() => { const error = new Error('made before'); return async () => { throw error; }; })()`;

/** An operation that awaits a call which must reject; the loop answers the error. */
export const caught = (call: string): string =>
  `try { await ${call}; } catch (error) { last = error; continue; } throw new Error('nothing was thrown');`;

/** The operation without any breaker. */
export const bareArm = (name: string, fn = 'async () => 1', operation = 'last = await fn();'): Arm =>
  loopedArm({ name, role: 'bare', operation, fn, create: () => undefined });

/**
 * The least that any breaker can do to an asynchronous call: two handlers that were made before, and the clock at so many ends of
 * it. What is above that is ours.
 */
export const leastArm = (clockReads: 0 | 1 | 2): Arm =>
  loopedArm({
    name: `then, clock × ${clockReads}`,
    role: 'bare',
    options: 'handlers made once',
    operation: `${clockReads === 2 ? 'subject.begun = performance.now(); ' : ''}last = await fn().then(subject.onResult, subject.onError);`,
    create: () => leastSubject(clockReads > 0),
  });

const leastSubject = (isTimed: boolean): object => {
  const subject = {
    begun: 0.5,
    ended: 0.5,
    onResult: (result: unknown): unknown => {
      if (isTimed) subject.ended = performance.now();
      return result;
    },
    onError: (error: Error): never => {
      throw error;
    },
  };
  return subject;
};

/** One reading of the clock per operation: the unit of bounds that a page states in ns (BM-1). */
export const clockArm = (): Arm =>
  loopedArm({
    name: 'clock read',
    role: 'bare',
    operation: 'last = performance.now();',
    create: () => undefined,
  });
