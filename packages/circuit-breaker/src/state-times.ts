/** How long a breaker was in which state, and how long the outages of its dependency lasted. */
import type { State } from './state-machine.ts';

/** The part of the statistics that this file knows. */
export interface TimeStats {
  /** How often each state was entered; the one it began in is no entry. */
  readonly transitions: Readonly<Record<State, number>>;
  /** Time in each state, the present one included. */
  readonly timeInStateMs: Readonly<Record<State, number>>;
  /** From opening to the next close; one that lasts is included in `outageMs`. */
  readonly outages: number;
  readonly outageMs: number;
  readonly lastOutageMs: number;
}

const perState = (): Record<State, number> => ({
  closed: 0,
  open: 0,
  'half-open': 0,
  isolated: 0,
  disabled: 0,
  observe: 0,
});

export class StateTimes {
  readonly #entries = perState();
  readonly #spentMs = perState();
  #state: State;
  #sinceMs: number;
  #outageSinceMs: number | undefined;
  #outages = 0;
  #outageMs = 0;
  #lastOutageMs = 0;

  constructor(state: State, nowMs: number) {
    this.#state = state;
    this.#sinceMs = nowMs;
  }

  /** The breaker is now in `to`; answers how long it was in the state before. */
  enter(to: State, nowMs: number): number {
    const spentMs = nowMs - this.#sinceMs;
    this.#spentMs[this.#state] += spentMs;
    this.#entries[to] += 1;
    this.#state = to;
    this.#sinceMs = nowMs;
    if (to === 'open' && this.#outageSinceMs === undefined) {
      this.#outages += 1;
      this.#outageSinceMs = nowMs;
    } else if (to === 'closed' && this.#outageSinceMs !== undefined) {
      this.#lastOutageMs = nowMs - this.#outageSinceMs;
      this.#outageMs += this.#lastOutageMs;
      this.#outageSinceMs = undefined;
    }
    return spentMs;
  }

  /** Everything up to `nowMs`; an outage that lasts is included. */
  read(nowMs: number): TimeStats {
    const runningMs = nowMs - this.#sinceMs;
    return {
      transitions: { ...this.#entries },
      timeInStateMs: { ...this.#spentMs, [this.#state]: this.#spentMs[this.#state] + runningMs },
      outages: this.#outages,
      outageMs: this.#outageMs + (this.#outageSinceMs === undefined ? 0 : nowMs - this.#outageSinceMs),
      lastOutageMs: this.#lastOutageMs,
    };
  }
}
