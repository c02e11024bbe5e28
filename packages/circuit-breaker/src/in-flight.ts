/**
 * The calls in flight, oldest first: for those that are overdue, and for those whose time is up.
 *
 * A doubly linked list through the calls themselves. Entering and leaving are O(1) and allocate nothing, and nothing is kept of
 * a call that has ended, however long an older one hangs. All calls of a breaker have the same limit, so the list is in the
 * order of deadlines, and one timer serves them all; it exists only while a limited call is in flight.
 */
import type { Clock, Timers } from '@busbar/retry';

import type { Ticket } from './ticket.ts';

export interface InFlightPorts {
  readonly clock: Clock;
  readonly timers: Timers;
}

export class InFlight {
  readonly #ports: InFlightPorts;
  readonly #limitMs: number;
  #oldest: Ticket | undefined;
  #youngest: Ticket | undefined;
  /** The oldest that has not been looked at for being overdue. */
  #unmarked: Ticket | undefined;
  #timer: unknown;

  /** `limitMs`: how long a call may take; 0 for no limit. */
  constructor(limitMs: number, ports: InFlightPorts) {
    this.#limitMs = limitMs;
    this.#ports = ports;
  }

  add(ticket: Ticket): void {
    ticket.isListed = true;
    ticket.older = this.#youngest;
    if (this.#youngest === undefined) this.#oldest = ticket;
    else this.#youngest.younger = ticket;
    this.#youngest = ticket;
    this.#unmarked ??= ticket;
    if (this.#limitMs > 0 && this.#timer === undefined) this.#arm(this.#limitMs);
  }

  remove(ticket: Ticket): void {
    ticket.isListed = false;
    const { older, younger } = ticket;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    if (this.#unmarked === ticket) this.#unmarked = younger;
    ticket.older = undefined;
    ticket.younger = undefined;
    if (this.#oldest === undefined) this.#disarm();
  }

  /** A call that has run since `sinceMs` or longer, each one once; `undefined`: there is no more of them. */
  nextOverdue(sinceMs: number): Ticket | undefined {
    const ticket = this.#unmarked;
    if (ticket === undefined || ticket.startedAtMs > sinceMs) return undefined;
    this.#unmarked = ticket.younger;
    return ticket;
  }

  #arm(delayMs: number): void {
    this.#disarm();
    this.#timer = this.#ports.timers.set(() => {
      this.#timer = undefined;
      this.#endOverlong();
    }, Math.ceil(delayMs));
  }

  #disarm(): void {
    if (this.#timer === undefined) return;
    this.#ports.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #endOverlong(): void {
    const startedBeforeMs = this.#ports.clock.now() - this.#limitMs;
    for (let ticket = this.#oldest; ticket !== undefined; ticket = this.#oldest) {
      if (ticket.startedAtMs > startedBeforeMs) {
        this.#arm(ticket.startedAtMs - startedBeforeMs);
        return;
      }
      this.remove(ticket);
      ticket.limit?.timeIsUp(ticket);
    }
  }
}
