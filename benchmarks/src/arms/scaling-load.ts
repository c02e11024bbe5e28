/** A load for scalers: calls of windows, and our way to come from them to a decision, as the pool does it. */
import { LoadMeter } from '../../../packages/producer-pool/src/load-meter.ts';
import {
  newScaleState,
  nextScale,
  type Scaled,
  type ScalePolicy,
  type ScaleState,
} from '../../../packages/producer-pool/src/scaling.ts';

/** The pool's defaults. */
export const POLICY: ScalePolicy = {
  min: 1,
  max: 8,
  maxConnections: 256,
  serialises: true,
  upWaitMs: 5,
  upBusyRatio: 0.8,
  upWindows: 3,
  upCooldownMs: 10_000,
  targetBusyRatio: 0.7,
  forecastMs: 5_000,
  downBusyRatio: 0.3,
  downAfterMs: 60_000,
  downCooldownMs: 60_000,
};
export const WINDOW_MS = 1_000;
export const SPAN_WINDOWS = 60;

type Ended = Parameters<LoadMeter['ended']>[0];

const ACKED: Ended = { type: 'acked', ack: { topic: 'orders', partition: 0, errorCode: 0, baseOffset: 0n } };

export interface TotalsCall {
  readonly lane: number;
  readonly broker: number;
  readonly waitMs: number;
  readonly nowMs: number;
}

/** The pool's way: a meter of running totals, taken once a window. */
export class TotalsScaler {
  readonly #meter = new LoadMeter();
  readonly #lanes: readonly { meteredWindow: number }[];
  readonly #policy: ScalePolicy;
  readonly #slotsPerProducer: number;
  #state: ScaleState;

  constructor(o: { policy: ScalePolicy; slotsPerProducer: number; lanes: number }, originMs: number) {
    this.#policy = o.policy;
    this.#slotsPerProducer = o.slotsPerProducer;
    this.#lanes = Array.from({ length: o.lanes }, () => ({ meteredWindow: 0 }));
    this.#state = newScaleState(o.policy.min);
    this.#meter.take(originMs);
  }

  started({ lane, ...call }: TotalsCall): void {
    const metered = this.#lanes[lane];
    if (metered === undefined) throw new RangeError(`there is no lane ${lane}`);
    this.#meter.started(metered, call);
  }

  ended(call: { readonly durationMs: number; readonly nowMs: number }, result: Ended = ACKED): void {
    this.#meter.ended(result, call);
  }

  decide(nowMs: number): Scaled {
    const load = this.#meter.take(nowMs);
    const slotMs = WINDOW_MS * this.#slotsPerProducer * this.#state.producers * load.brokers;
    const sample = { ...load, atMs: nowMs, windowMs: WINDOW_MS, slotMs, settling: false };
    const scaled = nextScale(this.#state, sample, this.#policy);
    this.#state = scaled.state;
    return scaled;
  }
}
