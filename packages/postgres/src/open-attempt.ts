import { ConnectTimeoutError } from './connect-errors.ts';
import type { PostgresError } from './errors.ts';
import type { PhaseClock } from './lifecycle.ts';
import type { OpenedSession } from './session-port.ts';
import type { Target } from './targets.ts';

/** What can be cut off. */
interface Destroyable {
  destroySocket(): void;
}

export interface ConnectWhere extends Target {
  readonly elapsedMs: number;
}

/** Where connections come from. */
export interface ConnectionSource {
  /** `done` is called once, never before this returns; an attempt that failed is over, and its socket closed. */
  open(steps: PhaseClock, done: (error: unknown, opened?: OpenedSession) => void): OpenAttempt;
}

/** One attempt to open a connection, over all servers that are tried for it. */
export class OpenAttempt {
  readonly steps: PhaseClock;
  /** Where it is tried now. */
  place: Target;
  isAborted = false;
  #client: Destroyable | undefined;
  #giveUp: (() => void) | undefined;

  constructor(steps: PhaseClock, place: Target) {
    this.steps = steps;
    this.place = place;
  }

  /** Whose socket is open now. */
  holds(client: Destroyable | undefined): void {
    this.#client = client;
  }

  /** For the answer, or for the end of the attempt. */
  wait<T>(answer: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    answer.then(resolve, reject);
    this.#giveUp = () => reject(new Error('the attempt was given up'));
    return promise;
  }

  /** What it is called when it took too long. */
  overdue(where: ConnectWhere): PostgresError {
    return new ConnectTimeoutError(where);
  }

  /** Gives up: the socket is destroyed and the attempt fails. */
  abort(_isClosing: boolean): void {
    this.cutOff();
    this.#giveUp?.();
  }

  protected cutOff(): void {
    this.isAborted = true;
    this.#client?.destroySocket();
  }
}
