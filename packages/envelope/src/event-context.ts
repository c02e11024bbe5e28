import { AsyncLocalStorage } from 'node:async_hooks';

/** What an event that is made now inherits from the work that makes it. */
export interface EventContext {
  /** The id that all events of one business process share. */
  readonly correlationid?: string;
  /** The id of the event that is being handled. */
  readonly causationid?: string;
}

const storage = new AsyncLocalStorage<EventContext>();

/**
 * Runs `fn` while `event` is being handled: events encoded inside, also after an `await`, carry its correlation id (its
 * own id, if it has none) and name it as their cause.
 */
export function runWithEvent<T>(
  event: { readonly id: string; readonly correlationid?: string | undefined },
  fn: () => T,
): T {
  return storage.run({ correlationid: event.correlationid ?? event.id, causationid: event.id }, fn);
}

/** The context of the event that is being handled by the caller, if any. */
export function currentEventContext(): EventContext | undefined {
  return storage.getStore();
}
