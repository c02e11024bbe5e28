/**
 * How many producers the load needs (PO-5). Pure, and constant work a window: running totals come in, no samples are kept.
 *
 * Up: batches wait and slots are busy for several windows in a row. How far: Little's law on the call rate a few seconds ahead (Holt's
 * linear smoothing) and the smoothed call time. Down: one at a time, when nearly all slots have long been free and one fewer would not be
 * hot. Between two changes lies a cool-down; the thresholds are apart, so a constant load never goes back and forth.
 *
 * Never up in trouble - guard open, throttled, faults, a producer on its way: an outage must not multiply connections. Windows in trouble
 * count for nothing, in either direction.
 *
 * @see Little, "A proof for the queuing formula L = λW" (1961); Holt, "Forecasting seasonals and trends" (1957)
 */
export interface ScaleSample {
  /** End of the window, monotonic. */
  readonly atMs: number;
  readonly windowMs: number;
  /** Time slots were taken, and time there were slots, over the brokers that calls went to. */
  readonly busySlotMs: number;
  readonly slotMs: number;
  /** Calls that ended, and how long they took together. */
  readonly calls: number;
  readonly callMs: number;
  /** From a batch being ready to its call. */
  readonly waitP95Ms: number;
  /** Lanes that had a call or a record. */
  readonly activeLanes: number;
  readonly faults: number;
  readonly throttledMs: number;
  readonly guardOpen: boolean;
  /** A producer connects or is being replaced. */
  readonly settling: boolean;
  readonly brokers: number;
}

export interface ScaleState {
  readonly producers: number;
  readonly hotWindows: number;
  readonly coldSinceMs: number | null;
  readonly lastChangeAtMs: number;
  /** Calls a millisecond, and their change a window. */
  readonly callRateLevel: number;
  readonly callRateTrend: number;
  readonly meanCallMs: number;
}

export interface ScalePolicy {
  readonly min: number;
  readonly max: number;
  readonly maxConnections: number;
  /** The driver runs one call at a time towards a broker, so that more producers run more calls (PO-1). */
  readonly serialises: boolean;
  readonly upWaitMs: number;
  readonly upBusyRatio: number;
  readonly upWindows: number;
  readonly upCooldownMs: number;
  readonly targetBusyRatio: number;
  readonly forecastMs: number;
  readonly downBusyRatio: number;
  readonly downAfterMs: number;
  readonly downCooldownMs: number;
}

export type ScaleReason =
  | 'saturated'
  | 'forecast'
  | 'idle'
  | 'steady'
  | 'cooldown'
  | 'faults'
  | 'throttled'
  | 'guard-open'
  | 'settling'
  | 'at-max'
  | 'at-min'
  | 'lane-bound'
  | 'connection-bound'
  | 'no-benefit';

export interface ScaleDecision {
  readonly kind: 'stay' | 'up' | 'down';
  readonly from: number;
  readonly to: number;
  readonly reason: ScaleReason;
}

export interface Scaled {
  readonly state: ScaleState;
  readonly decision: ScaleDecision;
  /** Busy share of the slots in the window. */
  readonly utilizationRatio: number;
  readonly forecastCallsPerS: number;
}

const LEVEL_WEIGHT = 0.5;
const TREND_WEIGHT = 0.2;
const CALL_TIME_WEIGHT = 0.3;
const FAULT_RATIO = 0.1;
/** One producer fewer must leave the slots below this. */
const DOWN_LOAD_RATIO = 0.6;

export const newScaleState = (producers: number): ScaleState => ({
  producers,
  hotWindows: 0,
  coldSinceMs: null,
  lastChangeAtMs: Number.NEGATIVE_INFINITY,
  callRateLevel: 0,
  callRateTrend: 0,
  meanCallMs: 0,
});

/** The state and the decision after one more window. */
export const nextScale = (s: ScaleState, x: ScaleSample, p: ScalePolicy): Scaled => {
  const busy = x.slotMs > 0 ? x.busySlotMs / x.slotMs : 0;
  const rates = smoothed(s, x);
  const forecast = Math.max(0, rates.callRateLevel + rates.callRateTrend * (p.forecastMs / x.windowMs));
  const trouble = troubleOf(x);
  const hot = trouble === undefined && x.waitP95Ms > p.upWaitMs && busy > p.upBusyRatio;
  const cold = trouble === undefined && busy < p.downBusyRatio;
  const watched: ScaleState = {
    producers: s.producers,
    hotWindows: hot ? s.hotWindows + 1 : 0,
    coldSinceMs: cold ? (s.coldSinceMs ?? x.atMs - x.windowMs) : null,
    lastChangeAtMs: s.lastChangeAtMs,
    ...rates,
  };
  const target = targetOf(forecast * rates.meanCallMs, { s, x, p });
  const decision = decide(watched, { x, p, busy, target, trouble });
  const changed = decision.kind !== 'stay';
  const state = changed
    ? { ...watched, producers: decision.to, hotWindows: 0, coldSinceMs: null, lastChangeAtMs: x.atMs }
    : watched;
  return { state, decision, utilizationRatio: busy, forecastCallsPerS: forecast * 1_000 };
};

const smoothed = (
  s: ScaleState,
  x: ScaleSample,
): Pick<ScaleState, 'callRateLevel' | 'callRateTrend' | 'meanCallMs'> => {
  const rate = x.calls / x.windowMs;
  // The first window is the level itself: smoothed from zero it would look like a steep ramp.
  const fresh = s.callRateLevel === 0 && s.callRateTrend === 0;
  const level = fresh ? rate : LEVEL_WEIGHT * rate + (1 - LEVEL_WEIGHT) * (s.callRateLevel + s.callRateTrend);
  const trend = fresh ? 0 : TREND_WEIGHT * (level - s.callRateLevel) + (1 - TREND_WEIGHT) * s.callRateTrend;
  const mean = x.calls === 0 ? s.meanCallMs : x.callMs / x.calls;
  const meanCallMs = s.meanCallMs === 0 ? mean : CALL_TIME_WEIGHT * mean + (1 - CALL_TIME_WEIGHT) * s.meanCallMs;
  return { callRateLevel: Math.max(0, level), callRateTrend: trend, meanCallMs };
};

const troubleOf = (x: ScaleSample): ScaleReason | undefined => {
  if (x.guardOpen) return 'guard-open';
  if (x.throttledMs > 0) return 'throttled';
  if (x.faults > x.calls * FAULT_RATIO) return 'faults';
  return x.settling ? 'settling' : undefined;
};

/** Producers for `calls` at a time, with room to spare. */
const targetOf = (calls: number, { s, x, p }: { s: ScaleState; x: ScaleSample; p: ScalePolicy }): number => {
  const slotsOfOne = x.slotMs / (x.windowMs * s.producers);
  return slotsOfOne > 0 ? Math.ceil(calls / (slotsOfOne * p.targetBusyRatio)) : s.producers;
};

interface Circumstances {
  readonly x: ScaleSample;
  readonly p: ScalePolicy;
  readonly busy: number;
  readonly target: number;
  readonly trouble: ScaleReason | undefined;
}

const decide = (s: ScaleState, c: Circumstances): ScaleDecision => {
  const from = s.producers;
  if (c.trouble !== undefined) return { kind: 'stay', from, to: from, reason: c.trouble };
  if (s.hotWindows >= c.p.upWindows) return up(s, c);
  if (s.coldSinceMs !== null) return down(s, c, s.coldSinceMs);
  return { kind: 'stay', from, to: from, reason: 'steady' };
};

/** What binds the number of producers at the top. */
const ceilingOf = ({ x, p }: Circumstances): { readonly most: number; readonly reason: ScaleReason } => {
  const byConnections = Math.floor(p.maxConnections / Math.max(1, x.brokers));
  const most = Math.min(p.max, x.activeLanes, byConnections);
  if (most === p.max) return { most, reason: 'at-max' };
  return { most, reason: most === x.activeLanes ? 'lane-bound' : 'connection-bound' };
};

const up = (s: ScaleState, c: Circumstances): ScaleDecision => {
  const from = s.producers;
  const stay = (reason: ScaleReason): ScaleDecision => ({ kind: 'stay', from, to: from, reason });
  const { most, reason } = ceilingOf(c);
  if (from >= c.p.max) return stay('at-max');
  if (!c.p.serialises) return stay('no-benefit');
  if (from >= most) return stay(reason);
  if (c.x.atMs - s.lastChangeAtMs < c.p.upCooldownMs) return stay('cooldown');
  const to = Math.min(most, Math.max(from + 1, Math.min(c.target, from * 2)));
  return { kind: 'up', from, to, reason: c.target > from + 1 ? 'forecast' : 'saturated' };
};

const down = (s: ScaleState, c: Circumstances, sinceMs: number): ScaleDecision => {
  const { x, p } = c;
  const from = s.producers;
  const stay = (reason: ScaleReason): ScaleDecision => ({ kind: 'stay', from, to: from, reason });
  if (from <= p.min) return stay('at-min');
  const long = x.atMs - sinceMs >= p.downAfterMs;
  if (!long || c.busy * (from / (from - 1)) >= DOWN_LOAD_RATIO) return stay('steady');
  if (x.atMs - s.lastChangeAtMs < p.downCooldownMs) return stay('cooldown');
  return { kind: 'down', from, to: from - 1, reason: 'idle' };
};
