/**
 * Looks at the load once a window and gives the pool as many producers as it needs (PO-5).
 *
 * Windows follow each other while there is traffic or a producer too many; an idle pool at its minimum has no timer here.
 */
import { channels } from './diagnostics.ts';
import type { LoadMeter } from './load-meter.ts';
import type { ResolvedProducerPoolOptions } from './options.ts';
import type { Placement } from './placement.ts';
import {
  newScaleState,
  nextScale,
  type Scaled,
  type ScalePolicy,
  type ScaleReason,
  type ScaleState,
} from './scaling.ts';
import type { PoolCounters } from './stats.ts';

export interface ScalerHost {
  readonly options: ResolvedProducerPoolOptions;
  readonly counters: PoolCounters;
  readonly load: LoadMeter;
  readonly placement: Placement;
  requestTick(atMs: number): void;
}

/** The reasons of a pool that would have liked to change. */
const BLOCKED: ReadonlySet<ScaleReason> = new Set([
  'cooldown',
  'at-max',
  'lane-bound',
  'connection-bound',
  'no-benefit',
  'faults',
  'throttled',
  'guard-open',
]);

export class Scaler {
  readonly #host: ScalerHost;
  readonly #policy: ScalePolicy;
  #state: ScaleState;
  /** Begin of the window; undefined while nothing is looked at. */
  #sinceMs: number | undefined;
  #lastReason: ScaleReason = 'steady';

  constructor(host: ScalerHost) {
    this.#host = host;
    const { pool } = host.options;
    this.#policy = {
      min: pool.min,
      max: pool.max,
      maxConnections: pool.maxConnections,
      serialises: host.placement.slots.driverLimit === 1,
      upWaitMs: Math.max(pool.scaleUpWaitMs, host.options.lingerMs),
      upBusyRatio: pool.scaleUpBusyRatio,
      upWindows: pool.scaleUpWindows,
      upCooldownMs: pool.scaleUpCooldownMs,
      targetBusyRatio: pool.targetBusyRatio,
      forecastMs: pool.forecastMs,
      downBusyRatio: pool.scaleDownBusyRatio,
      downAfterMs: pool.scaleDownAfterMs,
      downCooldownMs: pool.scaleDownCooldownMs,
    };
    this.#state = newScaleState(pool.min);
  }

  /** A call starts: from here on there is a load to look at. */
  wake(nowMs: number): void {
    if (this.#sinceMs !== undefined || this.#policy.min === this.#policy.max) return;
    this.#sinceMs = nowMs;
    this.#host.load.take(nowMs);
    this.#host.requestTick(this.dueAtMs());
  }

  dueAtMs(): number {
    return this.#sinceMs === undefined
      ? Number.POSITIVE_INFINITY
      : this.#sinceMs + this.#host.options.pool.scaleWindowMs;
  }

  tick(nowMs: number): void {
    if (this.#sinceMs === undefined || nowMs < this.dueAtMs()) return;
    const { load, placement } = this.#host;
    const windowMs = nowMs - this.#sinceMs;
    const measured = load.take(nowMs);
    const spareConnections = placement.seats.spares * measured.brokers;
    const scaled = nextScale(
      { ...this.#state, producers: placement.seats.size },
      {
        ...measured,
        atMs: nowMs,
        windowMs,
        slotMs: windowMs * this.#slots(measured.brokers),
        settling: placement.seats.isSettling,
      },
      { ...this.#policy, maxConnections: this.#policy.maxConnections - spareConnections },
    );
    this.#state = scaled.state;
    this.#sinceMs = nowMs;
    this.#carryOut(scaled, measured.waitP95Ms);
    this.#reap(nowMs);
    if (measured.calls === 0 && load.busy === 0 && placement.seats.size === this.#policy.min) this.#sleep();
  }

  #slots(brokers: number): number {
    const { seats, slots } = this.#host.placement;
    let total = 0;
    for (const producer of seats.producers()) total += slots.total(producer, brokers);
    return total;
  }

  #carryOut(scaled: Scaled, waitP95Ms: number): void {
    const { counters, options, placement } = this.#host;
    const { decision } = scaled;
    const isNews = decision.kind !== 'stay' || (BLOCKED.has(decision.reason) && decision.reason !== this.#lastReason);
    this.#lastReason = decision.reason;
    if (!isNews) return;
    counters.scaling[decision.kind === 'stay' ? 'blocked' : decision.kind] += 1;
    if (decision.kind !== 'stay') placement.seats.resize(decision.to, 'scaled-down');
    if (!channels.scale.hasSubscribers) return;
    const { utilizationRatio, forecastCallsPerS } = scaled;
    channels.scale.publish({ name: options.name, decision, utilizationRatio, waitP95Ms, forecastCallsPerS });
  }

  /** What has not been used for long goes at once: no need to go down step by step. */
  #reap(nowMs: number): void {
    const { options, placement, counters } = this.#host;
    const { idleReapMs, min } = options.pool;
    if (idleReapMs === 0) return;
    counters.scaling.down += placement.seats.reap(min, nowMs - idleReapMs);
  }

  /** The next traffic is a new beginning: what was smoothed is about the past. */
  #sleep(): void {
    this.#sinceMs = undefined;
    this.#state = { ...newScaleState(this.#policy.min), lastChangeAtMs: this.#state.lastChangeAtMs };
  }
}
