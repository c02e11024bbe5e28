/**
 * Those who follow a breaker: callers that wait for a permit, and listeners of transitions. Most breakers have neither, and
 * never move: both parts are made when they are first needed.
 */
import type { ReadyOptions } from './breaker.ts';
import { REPORT_LISTENER_ERROR, type ReportsListenerErrors } from './listener-errors.ts';
import type { Permit } from './permit.ts';
import { TransitionListeners } from './transition-listeners.ts';
import type { TransitionEvent } from './transition.ts';
import { type WaiterParts, Waiters } from './waiters.ts';

export class Followers {
  readonly #reporter: ReportsListenerErrors;
  #waiters: Waiters | undefined;
  #listeners: TransitionListeners | undefined;

  /** `reporter`: for a listener that throws. */
  constructor(reporter: ReportsListenerErrors) {
    this.#reporter = reporter;
  }

  /** Callers that wait. */
  get waiting(): number {
    return this.#waiters?.size ?? 0;
  }

  wait(options: ReadyOptions, parts: Omit<WaiterParts, 'onWoken'>): Promise<Permit> {
    this.#waiters ??= new Waiters({
      ...parts,
      onWoken: () => {
        this.tell();
      },
    });
    return this.#waiters.wait(options);
  }

  listen(listener: (event: TransitionEvent) => void): Disposable {
    return this.#listening.add(listener);
  }

  /** Takes note of an edge; it is told later, when the breaker is consistent. */
  hear(event: TransitionEvent): void {
    this.#listening.push(event);
  }

  /** What follows a change: permits for those who wait, and then the news for those who listen. */
  follow(): void {
    if (this.waiting > 0) this.#waiters?.wake();
    this.tell();
  }

  /** {@link follow}, if an edge was taken: else nothing can have changed for those who wait. */
  followEdges(): void {
    if (this.#listeners?.pending === true) this.follow();
  }

  /** The news for those who listen. */
  tell(): void {
    this.#listeners?.flush();
  }

  /** Those who wait leave with an error. */
  shutDown(): void {
    this.#waiters?.shutDown();
  }

  get #listening(): TransitionListeners {
    this.#listeners ??= new TransitionListeners((error) => {
      this.#reporter[REPORT_LISTENER_ERROR](error);
    });
    return this.#listeners;
  }
}
