/** What the shell says to the core of `lease-state.ts`: by a shortcut where one will do, else by an event; and the one sweep that its limits need. */
import type { Clock } from '@busbar/retry';

import type { Housekeeper, Sweepable } from './housekeeper.ts';
import { NEVER, type LeaseEffect, type LeaseEvent, type LeasePoolState, type Slot } from './lease-model.ts';
import { enqueue, handBack, takeFresh } from './lease-moves.ts';
import { step } from './lease-state.ts';
import type { Waiter } from './waiter-queue.ts';

export interface LeaseCoreContext {
  readonly state: LeasePoolState;
  readonly clock: Clock;
  readonly housekeeper: Housekeeper;
  run(effect: LeaseEffect): void;
}

export class LeaseCore {
  readonly #context: LeaseCoreContext;
  readonly #sweep: Sweepable = { dueAtMs: NEVER, onDue: () => this.send({ type: 'sweep' }) };

  constructor(context: LeaseCoreContext) {
    this.#context = context;
  }

  send(event: LeaseEvent, nowMs = this.#context.clock.now()): void {
    const { state } = this.#context;
    for (const effect of step(state, event, nowMs)) this.#context.run(effect);
    this.#watch();
  }

  /** An idle connection, leased; nothing where somebody has to wait, or another is to be opened. */
  take(): Slot | undefined {
    const { state, clock } = this.#context;
    return state.idle.length === 0 ? undefined : takeFresh({ pool: state, nowMs: clock.now() });
  }

  /** Nothing is free: he waits, or is refused. */
  wait(waiter: Waiter, nowMs: number): void {
    if (enqueue({ pool: this.#context.state, nowMs }, waiter)) this.#watch();
    else this.send({ type: 'acquire', waiter }, nowMs);
  }

  /** Takes back a leased connection that is clean. */
  giveBack(slot: Slot, nowMs: number): void {
    const taker = handBack({ pool: this.#context.state, nowMs }, slot);
    if (taker === undefined) return this.send({ type: 'released', slot: slot.id, dirty: false }, nowMs);
    this.#watch();
    if (taker !== 'kept') taker.granted(slot);
  }

  /** Lets the sweep come when it is due. */
  #watch(): void {
    const { state, housekeeper } = this.#context;
    if (this.#sweep.dueAtMs === state.dueAtMs) return;
    this.#sweep.dueAtMs = state.dueAtMs;
    if (state.dueAtMs === NEVER) housekeeper.delete(this.#sweep);
    else housekeeper.add(this.#sweep);
  }
}
