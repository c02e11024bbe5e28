import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { TelemetryCounters } from './stats.ts';

type Listener = (message: unknown) => void;

/**
 * A set of channel subscriptions that is on or off as a whole. While it is off, `hasSubscribers` of its channels is false,
 * so the packages build no message and read no clock. A listener that throws is counted, and the channel goes on.
 */
export class Subscriptions {
  readonly #counters: TelemetryCounters;
  readonly #listeners: readonly (readonly [channel: string, listener: Listener])[];
  #on = false;

  constructor(counters: TelemetryCounters, listeners: Iterable<readonly [channel: string, listener: Listener]>) {
    this.#counters = counters;
    this.#listeners = [...listeners].map(([channel, listener]) => [channel, this.#guarded(listener)] as const);
  }

  on(): void {
    if (this.#on) return;
    this.#on = true;
    for (const [channel, listener] of this.#listeners) subscribe(channel, listener);
  }

  off(): void {
    if (!this.#on) return;
    this.#on = false;
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener);
  }

  #guarded(listener: Listener): Listener {
    return (message) => {
      try {
        listener(message);
      } catch {
        // It would surface as an uncaught exception of the process; the count says that something is wrong with a message.
        this.#counters.handlerErrors += 1;
      }
    };
  }
}
