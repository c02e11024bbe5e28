import type { LeakOptions } from './options.ts';

// When is it worth taking the stack of somebody who takes a connection: pure but for its memory of labels.

/** Whose stacks are taken: nobody's, 1 in 256, also those of suspects and, while others wait, one a millisecond, everybody's. */
export type LeakStacks = 'never' | 'sampled' | 'adaptive' | 'always';

export type ResolvedLeak = Readonly<Required<LeakOptions>>;

const SAMPLE = 256;
/** While others wait: a pool that is too small must not become slower still by those who hold a connection for microseconds. */
const PRESSURE_PAUSE_MS = 1;
/** Labels under suspicion; the memory is bounded, and the oldest suspicion is dropped. */
const MAX_SUSPECTS = 100;

/** A stack costs 2.8 to 3.3 times as much as a checkout, so it is taken where a leak is likely. */
export class StackSampling {
  readonly #mode: LeakStacks;
  readonly #suspects = new Set<string | undefined>();
  #turn = 0;
  #nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(mode: LeakStacks) {
    this.#mode = mode;
  }

  /** Somebody with this label held a connection for long. */
  suspect(label: string | undefined): void {
    this.#suspects.add(label);
    if (this.#suspects.size <= MAX_SUSPECTS) return;
    for (const oldest of this.#suspects) {
      this.#suspects.delete(oldest);
      return;
    }
  }

  /** `waiting`: how many others wait for a connection. */
  wants(label: string | undefined, waiting: number, nowMs: number): boolean {
    if (this.#mode === 'always' || this.#mode === 'never') return this.#mode === 'always';
    this.#turn = (this.#turn + 1) % SAMPLE;
    if (this.#turn === 0) return true;
    if (this.#mode !== 'adaptive') return false;
    if (this.#suspects.has(label)) return true;
    if (waiting === 0 || nowMs < this.#nextAtMs) return false;
    this.#nextAtMs = nowMs + PRESSURE_PAUSE_MS;
    return true;
  }
}
