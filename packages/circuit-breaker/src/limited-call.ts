/**
 * A call under `callTimeoutMs`: the caller gets an answer in time, whatever the function does.
 *
 * The function gets a signal of its own, which follows that of the caller and aborts when the time is up. What it answers after
 * that is counted and changes nothing. One object holds all of it: a closure for every step would cost more than the call.
 */
import { BreakerTimeoutError } from './errors.ts';
import { adopted, type AnyCall, isExactPromise, isPrimitive } from './protected-function.ts';
import type { Ticket, TicketEnds, TimeLimit } from './ticket.ts';

export interface LimitedEnds extends TicketEnds {
  /** The time of a call is up: settles its ticket as failed. */
  timedOut(ticket: Ticket, error: BreakerTimeoutError): void;
  /** A function answered after its time. */
  cameLate(): void;
}

export interface CallLimit {
  readonly breaker: string;
  readonly limitMs: number;
  readonly ends: LimitedEnds;
}

export class LimitedCall<T> implements TimeLimit {
  readonly #limit: CallLimit;
  readonly #answer = Promise.withResolvers<T>();
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  /** Absent from the moment at which the caller has its answer. */
  #ticket: Ticket | undefined;

  constructor(ticket: Ticket, limit: CallLimit) {
    this.#ticket = ticket;
    this.#limit = limit;
    this.#caller = ticket.signal;
  }

  run(fn: AnyCall<T>): Promise<T> {
    this.#caller?.addEventListener('abort', this, { once: true });
    try {
      const result = fn(this.#controller.signal);
      if (isExactPromise(result)) this.#follow(result);
      else if (isPrimitive(result)) this.#succeed(result);
      else this.#follow(adopted(result));
    } catch (error) {
      this.#fail(error);
    }
    return this.#answer.promise;
  }

  /** The caller aborts: the function hears of it, and its answer is the answer. */
  handleEvent(): void {
    this.#controller.abort(this.#caller?.reason);
  }

  timeIsUp(ticket: Ticket): void {
    this.#leave();
    const { breaker, limitMs, ends } = this.#limit;
    const error = new BreakerTimeoutError({ breaker, limitMs });
    ends.timedOut(ticket, error);
    this.#answer.reject(error);
    this.#controller.abort(error);
  }

  #follow(promise: Promise<T>): void {
    promise.then(
      (result) => this.#succeed(result),
      (error: unknown) => this.#fail(error),
    );
  }

  #succeed(result: T | PromiseLike<T>): void {
    const ticket = this.#leave();
    if (ticket === undefined) return;
    this.#limit.ends.result(ticket, result);
    this.#answer.resolve(result);
  }

  #fail(error: unknown): void {
    const ticket = this.#leave();
    if (ticket === undefined) return;
    this.#limit.ends.error(ticket, error);
    this.#answer.reject(error);
  }

  /** The ticket of a call that has no answer yet; from now on it has one. */
  #leave(): Ticket | undefined {
    const ticket = this.#ticket;
    if (ticket === undefined) this.#limit.ends.cameLate();
    else this.#caller?.removeEventListener('abort', this);
    this.#ticket = undefined;
    return ticket;
  }
}
