import type { AttemptResult } from './attempt.ts';
import { Histogram } from './histogram.ts';
import type { ScaleSample } from './scaling.ts';

/** What the meter keeps of a lane: the window in which it was counted. */
export interface Metered {
  meteredWindow: number;
}

/** The load of one window, but for what the pool knows better. */
export type Load = Pick<
  ScaleSample,
  'busySlotMs' | 'calls' | 'callMs' | 'waitP95Ms' | 'activeLanes' | 'faults' | 'throttledMs' | 'guardOpen' | 'brokers'
>;

const TICKS_PER_MS = 1_000;

/** Running totals of the calls of a window; constant work a call, constant memory. */
export class LoadMeter {
  readonly #waits = new Histogram(TICKS_PER_MS);
  readonly #brokers = new Set<number>();
  #window = 1;
  #busy = 0;
  #sinceMs = 0;
  #busySlotMs = 0;
  #calls = 0;
  #callMs = 0;
  #lanes = 0;
  #faults = 0;
  #throttledMs = 0;
  #refused = 0;

  /** Calls that are out. */
  get busy(): number {
    return this.#busy;
  }

  started(lane: Metered, call: { readonly broker: number; readonly waitMs: number; readonly nowMs: number }): void {
    this.#passTo(call.nowMs);
    this.#busy += 1;
    this.#waits.record(call.waitMs);
    this.#brokers.add(call.broker);
    if (lane.meteredWindow === this.#window) return;
    lane.meteredWindow = this.#window;
    this.#lanes += 1;
  }

  ended(result: AttemptResult, call: { readonly durationMs: number; readonly nowMs: number }): void {
    this.#passTo(call.nowMs);
    this.#busy -= 1;
    if (result.type === 'refused') {
      this.#refused += 1;
      return;
    }
    this.#calls += 1;
    this.#callMs += call.durationMs;
    if (result.type === 'failed') this.#faults += 1;
    else this.#throttledMs += result.ack.throttleMs ?? 0;
  }

  /** The load since the last take; the next window begins now. */
  take(nowMs: number): Load {
    this.#passTo(nowMs);
    const load: Load = {
      busySlotMs: this.#busySlotMs,
      calls: this.#calls,
      callMs: this.#callMs,
      waitP95Ms: this.#waits.quantile(0.95),
      activeLanes: Math.max(this.#lanes, this.#busy),
      faults: this.#faults,
      throttledMs: this.#throttledMs,
      guardOpen: this.#refused > 0,
      brokers: this.#brokers.size,
    };
    this.#window += 1;
    [this.#busySlotMs, this.#calls, this.#callMs, this.#lanes] = [0, 0, 0, 0];
    [this.#faults, this.#throttledMs, this.#refused] = [0, 0, 0];
    this.#waits.clear();
    this.#brokers.clear();
    return load;
  }

  #passTo(nowMs: number): void {
    this.#busySlotMs += this.#busy * (nowMs - this.#sinceMs);
    this.#sinceMs = nowMs;
  }
}
