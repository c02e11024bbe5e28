/**
 * Slow start after an outage: the share of admitted calls rises from 0 to 1 over `rampMs`.
 *
 * Error diffusion instead of a die: each attempt adds the present share to a credit, and a whole credit admits. So of any n
 * attempts at a share s, s · n are admitted, give or take one, and a test needs no seed.
 */
export class Ramp {
  readonly #fromMs: number;
  readonly #rampMs: number;
  #credit = 0;

  constructor(fromMs: number, rampMs: number) {
    this.#fromMs = fromMs;
    this.#rampMs = rampMs;
  }

  /** Whether all are admitted again. */
  isOver(nowMs: number): boolean {
    return nowMs - this.#fromMs >= this.#rampMs;
  }

  /** Whether this attempt is admitted; each one counts. */
  admit(nowMs: number): boolean {
    this.#credit += (nowMs - this.#fromMs) / this.#rampMs;
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }
}

/** When an attempt that was refused should be made again: the share has risen by a twentieth. */
export const rampStepMs = (rampMs: number): number => rampMs / 20;
