/** The last n calls: a ring of one byte each. No clock is read. */
import { countAt } from './count-at.ts';
import {
  FAILED,
  type FailureWindow,
  type Outcome,
  outcomeFor,
  SLOW,
  type WindowBucket,
  type WindowStateV1,
} from './failure-window.ts';

/** The ring of a window in which nothing was recorded yet. */
const NONE = new Uint8Array(0);

export class CountWindow implements FailureWindow {
  readonly #size: number;
  /** Made with the first record: most breakers of a registry are idle. */
  #ring = NONE;
  #next = 0;
  #calls = 0;
  #failures = 0;
  #slow = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get isTimed(): boolean {
    return false;
  }
  get calls(): number {
    return this.#calls;
  }
  get failures(): number {
    return this.#failures;
  }
  get slow(): number {
    return this.#slow;
  }

  record(outcome: Outcome): void {
    if (this.#ring === NONE) this.#ring = new Uint8Array(this.#size);
    const ring = this.#ring;
    const at = this.#next;
    let oldest = 0;
    if (this.#calls === ring.length) oldest = countAt(ring, at);
    else this.#calls += 1;
    ring[at] = outcome;
    this.#next = at + 1 === ring.length ? 0 : at + 1;
    if ((oldest | outcome) === 0) return;
    this.#failures += (outcome & FAILED) - (oldest & FAILED);
    this.#slow += (outcome >> 1) - (oldest >> 1);
  }

  /** Nothing grows old here. */
  evict(): void {}

  clear(): void {
    this.#next = 0;
    this.#calls = 0;
    this.#failures = 0;
    this.#slow = 0;
  }

  /** All in one: the calls of this window have no times. */
  buckets(): readonly WindowBucket[] {
    const { calls, failures, slow } = this;
    return calls === 0 ? [] : [{ ageMs: 0, calls, failures, slow }];
  }

  toState(): WindowStateV1 {
    const first = this.#calls === this.#size ? this.#next : 0;
    const inOrder = [...this.#ring.subarray(first, this.#calls), ...this.#ring.subarray(0, first)];
    return { type: 'count', outcomes: inOrder.join('') };
  }

  restore(state: WindowStateV1): void {
    this.clear();
    if (state.type !== 'count') return;
    for (const digit of state.outcomes) {
      const outcome = Number(digit);
      this.record(outcomeFor((outcome & FAILED) !== 0, (outcome & SLOW) !== 0));
    }
  }
}
