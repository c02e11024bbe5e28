/** An edge of the state machine, as it is told to listeners. */
import type { State } from './state-machine.ts';
import type { TripCause } from './trip-rule.ts';

export type TransitionCause =
  | TripCause
  | 'hint'
  | 'open-elapsed'
  | 'probes-succeeded'
  | 'probe-failed'
  | 'probe-timeout'
  | 'manual'
  | 'reset'
  | 'restore';

/** One edge of the state machine; message of `busbar:circuit-breaker:transition`. */
export interface TransitionEvent {
  readonly name: string;
  readonly from: State;
  readonly to: State;
  readonly cause: TransitionCause;
  /** False: the machine moved below a mode, and callers do not meet it; `from` and `to` are states of the machine. */
  readonly enforced: boolean;
  /** The epoch that begins. */
  readonly epoch: number;
  /** Time spent in `from`, in ms. */
  readonly sinceMs: number;
  /** Where `to` is `open`: for how long, after jitter. */
  readonly openForMs?: number;
  /** The window at that moment. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** The `code` of the error that caused it, if it has one. */
  readonly code?: string;
  /** What `isolate` or `suggestOpen` was told. */
  readonly reason?: string;
}

/** The `code` of whatever was thrown, if it is a string that can be read. */
export const codeOf = (error: unknown): string | undefined => {
  try {
    return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
      ? error.code
      : undefined;
  } catch {
    return undefined; // a throwing getter of a foreign error: there is no code to report, and the error itself goes to the caller
  }
};
