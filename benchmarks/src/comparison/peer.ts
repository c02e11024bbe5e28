/** What the comparison needs to know of a circuit breaker, and what it asks all of them to be set to. */
import type { VirtualTime } from './virtual-time.ts';

export type State = 'closed' | 'open' | 'half-open';
export type Verdict = 'success' | 'failure' | 'ignore';
/** What the breaker protects. It is called if, and when, the breaker admits the call. */
export type Work = () => Promise<string>;

/** Every breaker opens after two failures out of two or three calls, for this long, and always for the same time. */
export const FAILURES = 2;
export const OPEN_MS = 100;
/** Stands for ever: a hundred open times. */
export const NO_BOUND_MS = 100 * OPEN_MS;

export interface Setup {
  readonly time: VirtualTime;
  /** Successful probes that close it, and most of them at a time. */
  readonly probes: number;
  /** To be called at every change of state. */
  readonly onTransition: () => void;
}

/** A breaker in use. */
export interface Subject {
  state(): State;
  /** Rejects when the call is refused, or as the work does. */
  call(work: Work): Promise<unknown>;
  close(): unknown;
}

export interface Peer {
  /** The npm package. */
  readonly name: string;
  /** How it is set up, in its own terms. */
  readonly options: string;
  /** More probes than this it cannot be set to. */
  readonly mostProbes: number;
  /** After so long without a word from anybody it must admit a call. {@link NO_BOUND_MS} for those that promise no time. */
  readonly quietMs: number;
  create(setup: Setup): Subject;
}

/** The failure that a breaker is there for. */
export class DependencyDown extends Error {
  override readonly name = 'DependencyDown';
}

/** An error that says nothing about the dependency; each breaker is told so in the way it offers. */
export class NotItsFault extends Error {
  override readonly name = 'NotItsFault';
}
