import type { Connection } from './connection.ts';
import type { PostgresError } from './errors.ts';
import type { Trace } from './holders.ts';
import type { RefusalReason, Slot } from './lease-model.ts';
import type { AcquireRequest } from './lease-refusals.ts';
import type { Waiter } from './waiter-queue.ts';

/** Who asked for a connection. Hears once. */
export interface Caller {
  granted(connection: Connection): void;
  refused(error: PostgresError): void;
}

/** Where he stands in line. */
export interface LeaseDesk {
  /** The connection of a slot that was leased for him. */
  lend(slot: Slot, pending: PendingLease): Connection;
  /** Why he gets none. */
  refusal(pending: PendingLease, why: { readonly reason: RefusalReason; readonly waitedMs: number }): PostgresError;
  /** Takes him out of the line. */
  abort(pending: PendingLease): PostgresError;
}

interface Asked {
  readonly request: AcquireRequest;
  readonly caller: Caller;
  readonly trace: Trace | undefined;
  readonly enqueuedAtMs: number;
  readonly deadlineAtMs: number;
}

/** A caller who waits for a connection, and listens to his signal meanwhile. */
export class PendingLease implements Waiter {
  isWaiting = false;
  readonly request: AcquireRequest;
  readonly trace: Trace | undefined;
  readonly enqueuedAtMs: number;
  readonly deadlineAtMs: number;
  readonly #caller: Caller;
  readonly #desk: LeaseDesk;

  constructor({ request, caller, trace, enqueuedAtMs, deadlineAtMs }: Asked, desk: LeaseDesk) {
    this.request = request;
    this.trace = trace;
    this.enqueuedAtMs = enqueuedAtMs;
    this.deadlineAtMs = deadlineAtMs;
    this.#caller = caller;
    this.#desk = desk;
  }

  granted(slot: Slot): void {
    this.request.signal?.removeEventListener('abort', this);
    this.#caller.granted(this.#desk.lend(slot, this));
  }

  refused(reason: RefusalReason, waitedMs: number): void {
    this.request.signal?.removeEventListener('abort', this);
    this.#caller.refused(this.#desk.refusal(this, { reason, waitedMs }));
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.#caller.refused(this.#desk.abort(this));
  }
}
