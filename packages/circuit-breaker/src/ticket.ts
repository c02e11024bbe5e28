/**
 * What is known of a call from its admission to its end. Tickets are pooled, and their two handlers are made once: a measured
 * call allocates none of it. So a ticket may only wait on a promise that calls back once; what the call runner hands it is one.
 */
import type { Verdict } from './classify.ts';
import { type Permit, UNTRACKED } from './permit.ts';

/** How a call ended. */
export interface Ending {
  readonly permit: Permit;
  readonly verdict: Verdict;
  /** It took `trip.slowMs` or longer. */
  readonly slow: boolean;
  /** It stands in the window already, as an overdue call. */
  readonly overdue: boolean;
  /** When it ended; `NaN` if nobody has looked at the clock yet. */
  readonly endedAtMs: number;
  /** Reported with the transition that it may cause. */
  readonly error: unknown;
}

/** What happens to a ticket when its call ends. */
export interface TicketEnds {
  result(ticket: Ticket, result: unknown): void;
  error(ticket: Ticket, error: unknown): void;
}

/** The reactions to what a protected function came to. One class for calls of all kinds, so that one place in the code meets one. */
export class Reactions {
  /** Records a result and answers it. */
  readonly onResult: <T>(result: T) => T;
  /** Records an error and throws it again. */
  readonly onError: (error: unknown) => never;
  /** Records an error. */
  readonly record: (error: unknown) => void;

  constructor(onResult: <T>(result: T) => T, record: (error: unknown) => void) {
    this.onResult = onResult;
    this.record = record;
    this.onError = (error) => {
      record(error);
      throw error;
    };
  }
}

/** What ends a call whose time is up. */
export interface TimeLimit {
  timeIsUp(ticket: Ticket): void;
}

export class Ticket {
  permit: Permit = UNTRACKED;
  /** The caller's own signal. */
  signal: AbortSignal | undefined;
  /** `NaN`: nobody wants to know how long the call takes. */
  startedAtMs = Number.NaN;
  /** `NaN`: nobody has looked at the clock. */
  endedAtMs = Number.NaN;
  /** The call may decide a half-open breaker. */
  probe = false;
  slow = false;
  overdue = false;
  /** Its place among the calls in flight, kept by `InFlight`. */
  isListed = false;
  older: Ticket | undefined;
  younger: Ticket | undefined;
  /** The next one that is not in use, kept by `TicketPool`. */
  nextFree: Ticket | undefined;
  /** Only with `callTimeoutMs`. */
  limit: TimeLimit | undefined;
  readonly reactions: Reactions;

  constructor(ends: TicketEnds) {
    this.reactions = new Reactions(
      (result) => {
        ends.result(this, result);
        return result;
      },
      (error) => {
        ends.error(this, error);
      },
    );
  }
}

/** Tickets that are not in use, in a list through themselves; in all there are as many as there were measured calls at a time. */
export class TicketPool {
  readonly #ends: TicketEnds;
  #free: Ticket | undefined;

  constructor(ends: TicketEnds) {
    this.#ends = ends;
  }

  take(): Ticket {
    const ticket = this.#free;
    if (ticket === undefined) return new Ticket(this.#ends);
    this.#free = ticket.nextFree;
    ticket.nextFree = undefined;
    return ticket;
  }

  give(ticket: Ticket): void {
    ticket.signal = undefined;
    ticket.limit = undefined;
    ticket.startedAtMs = Number.NaN;
    ticket.endedAtMs = Number.NaN;
    ticket.slow = false;
    ticket.overdue = false;
    ticket.nextFree = this.#free;
    this.#free = ticket;
  }
}
