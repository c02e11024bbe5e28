/**
 * A call under `callTimeoutMs`: the caller gets an answer in time, whatever the function does.
 *
 * The function gets a signal of its own, which follows that of the caller and aborts when the time is up. What it answers after
 * that is counted and changes nothing.
 */
import { BreakerTimeoutError } from './errors.ts';
import { type AnyCall, rejected, started } from './protected-function.ts';
import type { Ticket, TicketEnds } from './ticket.ts';

export interface CallLimit {
  readonly breaker: string;
  readonly limitMs: number;
  readonly ends: TicketEnds;
  /** The time is up: settles the ticket as failed. */
  readonly onTimeUp: (error: BreakerTimeoutError) => void;
  /** The function answered after its time. */
  readonly onLate: () => void;
}

export const runLimited = <T>(fn: AnyCall<T>, ticket: Ticket, limit: CallLimit): Promise<T> =>
  new Promise((resolve, reject) => {
    const controller = new AbortController();
    const caller = ticket.signal;
    const onCallerAbort = (): void => {
      controller.abort(caller?.reason);
    };
    caller?.addEventListener('abort', onCallerAbort, { once: true });
    let isOver = false;
    const endOnce = (end: () => void): void => {
      if (isOver) {
        limit.onLate();
        return;
      }
      isOver = true;
      caller?.removeEventListener('abort', onCallerAbort);
      end();
    };
    ticket.onTimeUp = () => {
      endOnce(() => {
        const error = new BreakerTimeoutError({ breaker: limit.breaker, limitMs: limit.limitMs });
        limit.onTimeUp(error);
        reject(error);
        controller.abort(error);
      });
    };
    started(() => fn(controller.signal)).then(
      (result) =>
        endOnce(() => {
          limit.ends.result(ticket, result);
          resolve(result);
        }),
      (error: unknown) =>
        endOnce(() => {
          limit.ends.error(ticket, error);
          resolve(rejected(error));
        }),
    );
  });
