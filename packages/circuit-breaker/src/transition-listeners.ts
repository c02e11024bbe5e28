/**
 * Tells listeners and the channel of transitions: in epoch order, after the state is consistent, each one guarded.
 *
 * Edges are queued and told in `flush`. A listener may call the breaker and cause further edges: they join the queue that is
 * being told, so every listener sees every edge, and in the same order.
 */
import { transitionChannel } from './diagnostics.ts';
import type { TransitionEvent } from './transition.ts';

export class TransitionListeners {
  readonly #listeners = new Set<{ readonly listener: (event: TransitionEvent) => void }>();
  readonly #report: (error: unknown) => void;
  readonly #queue: TransitionEvent[] = [];
  #telling = false;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  get pending(): boolean {
    return this.#queue.length > 0;
  }

  add(listener: (event: TransitionEvent) => void): Disposable {
    const entry = { listener };
    this.#listeners.add(entry);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(entry);
      },
    };
  }

  push(event: TransitionEvent): void {
    this.#queue.push(event);
  }

  flush(): void {
    if (this.#telling || this.#queue.length === 0) return;
    this.#telling = true;
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) this.#tell(event);
    this.#telling = false;
  }

  #tell(event: TransitionEvent): void {
    if (transitionChannel.hasSubscribers) transitionChannel.publish(event);
    for (const { listener } of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#report(error);
      }
    }
  }
}
