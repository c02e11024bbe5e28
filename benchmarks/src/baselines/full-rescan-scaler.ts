/**
 * The naive way to decide how many producers the load needs (R-KP-2): keep every call of a minute, and recompute totals, means and
 * percentiles of all its windows from them at each decision.
 *
 * From these figures it is decided as in the pool, so that the decisions agree as long as no call is older than the minute; what
 * differs is where the figures come from. They are not exported by the package, so they are taken from its source.
 */
import {
  newScaleState,
  nextScale,
  type Scaled,
  type ScalePolicy,
  type ScaleSample,
} from '../../../packages/producer-pool/src/scaling.ts';

export interface RescanOptions {
  readonly policy: ScalePolicy;
  readonly windowMs: number;
  /** Windows that are kept. */
  readonly windows: number;
  /** Slots of one producer towards one broker. */
  readonly slotsPerProducer: number;
}

/** A call; as long as it is out it has no end. */
export interface RescanCall {
  readonly startedAtMs: number;
  readonly waitMs: number;
  readonly lane: number;
  readonly broker: number;
  endedAtMs?: number;
  failed?: boolean;
}

/** What was known when a window began. */
interface Past {
  readonly fromMs: number;
  readonly producers: number;
  readonly lastChangeAtMs: number;
}

const P95 = 0.95;

const p95Of = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * P95) - 1] ?? 0;

const meanTimes = (calls: readonly RescanCall[]): number =>
  calls.reduce((sum, { startedAtMs, endedAtMs = startedAtMs }) => sum + endedAtMs - startedAtMs, 0);

/** The calls that concern one window. */
class Window {
  readonly #started: RescanCall[] = [];
  readonly #ended: RescanCall[] = [];
  #busySlotMs = 0;
  #out = 0;

  add(call: RescanCall, fromMs: number, toMs: number): void {
    const { startedAtMs, endedAtMs = Number.POSITIVE_INFINITY } = call;
    if (startedAtMs >= fromMs) this.#started.push(call);
    if (endedAtMs < toMs) this.#ended.push(call);
    else this.#out += 1;
    this.#busySlotMs += Math.min(endedAtMs, toMs) - Math.max(startedAtMs, fromMs);
  }

  sample(toMs: number, producers: number, { windowMs, slotsPerProducer }: RescanOptions): ScaleSample {
    const brokers = new Set(this.#started.map(({ broker }) => broker)).size;
    return {
      atMs: toMs,
      windowMs,
      busySlotMs: this.#busySlotMs,
      slotMs: windowMs * slotsPerProducer * producers * brokers,
      calls: this.#ended.length,
      callMs: meanTimes(this.#ended),
      waitP95Ms: p95Of(this.#started.map(({ waitMs }) => waitMs)),
      activeLanes: Math.max(new Set(this.#started.map(({ lane }) => lane)).size, this.#out),
      faults: this.#ended.filter(({ failed }) => failed === true).length,
      throttledMs: 0,
      guardOpen: false,
      settling: false,
      brokers,
    };
  }
}

export class FullRescanScaler {
  readonly #options: RescanOptions;
  #calls: RescanCall[] = [];
  /** The windows that are kept, the one that is open the last. */
  #past: Past[];

  constructor(options: RescanOptions, originMs: number) {
    this.#options = options;
    this.#past = [{ fromMs: originMs, producers: options.policy.min, lastChangeAtMs: Number.NEGATIVE_INFINITY }];
  }

  /** Calls that are kept. */
  get size(): number {
    return this.#calls.length;
  }

  started(call: RescanCall): void {
    this.#calls.push(call);
  }

  /** The decision at the end of a window. */
  decide(): Scaled {
    const { policy, windowMs, windows: most } = this.#options;
    const windows = this.#windows();
    let state = newScaleState(policy.min);
    let scaled: Scaled | undefined;
    for (const [index, { fromMs, producers, lastChangeAtMs }] of this.#past.entries()) {
      const sample = (windows[index] ?? new Window()).sample(fromMs + windowMs, producers, this.#options);
      scaled = nextScale({ ...state, producers, lastChangeAtMs }, sample, policy);
      ({ state } = scaled);
    }
    if (scaled === undefined) throw new RangeError('there is no window');
    const { producers, lastChangeAtMs } = state;
    const fromMs = (this.#past.at(-1)?.fromMs ?? 0) + windowMs;
    this.#past = [...this.#past, { fromMs, producers, lastChangeAtMs }].slice(-most);
    const keptSinceMs = this.#past[0]?.fromMs ?? 0;
    this.#calls = this.#calls.filter(({ endedAtMs }) => endedAtMs === undefined || endedAtMs >= keptSinceMs);
    return scaled;
  }

  /** Every call in the windows that it touches. */
  #windows(): readonly Window[] {
    const { windowMs } = this.#options;
    const windows = this.#past.map(() => new Window());
    const originMs = this.#past[0]?.fromMs ?? 0;
    const indexOf = (ms: number): number => Math.floor((ms - originMs) / windowMs);
    for (const call of this.#calls) {
      const last = Math.min(windows.length - 1, indexOf(call.endedAtMs ?? Number.POSITIVE_INFINITY));
      for (let index = Math.max(0, indexOf(call.startedAtMs)); index <= last; index += 1)
        windows[index]?.add(call, originMs + index * windowMs, originMs + (index + 1) * windowMs);
    }
    return windows;
  }
}
