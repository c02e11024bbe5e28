/** Where the errors go that others throw into the breaker: listeners, classifiers, clocks, stores. Never into a call. */
import { listenerErrorChannel } from './diagnostics.ts';

const WARNING = 'CircuitBreakerListenerWarning';

/** The default of `onListenerError`. */
export const warnOfListenerError = (error: unknown): void => {
  process.emitWarning(error instanceof Error ? error : String(error), WARNING);
};

/** Where the errors of one breaker go. */
export interface ListenerErrorSink {
  readonly name: string;
  readonly handler: (error: unknown) => void;
}

/** Publishes the error and hands it to `onListenerError`; if that throws, the process warns of what it threw. */
export const deliverListenerError = ({ name, handler }: ListenerErrorSink, error: unknown): void => {
  if (listenerErrorChannel.hasSubscribers) listenerErrorChannel.publish({ name, error });
  try {
    handler(error);
  } catch (second) {
    warnOfListenerError(second);
  }
};

/** A method of a breaker that is not for the outside: what works beside a breaker reports its errors as the breaker does. */
export const REPORT_LISTENER_ERROR = Symbol('report listener error');

export interface ReportsListenerErrors {
  [REPORT_LISTENER_ERROR](error: unknown): void;
}

const reports = (breaker: object): breaker is ReportsListenerErrors => REPORT_LISTENER_ERROR in breaker;

/** Reports an error beside `breaker`; of a breaker that is not ours the process is warned. */
export const reportListenerError = (breaker: object, error: unknown): void => {
  if (reports(breaker)) breaker[REPORT_LISTENER_ERROR](error);
  else warnOfListenerError(error);
};
