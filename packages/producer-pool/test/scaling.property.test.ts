import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { newScaleState, nextScale, type ScalePolicy, type ScaleSample, type ScaleState } from '../src/scaling.ts';

const policy: ScalePolicy = {
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

const WINDOW_MS = 1_000;

/** A second of a pool of `producers` with one slot each, a fraction of which was busy with calls of 10 ms. */
const windowOf = (busy: number, o: Partial<ScaleSample> = {}, producers = 1): ScaleSample => ({
  atMs: 0,
  windowMs: WINDOW_MS,
  busySlotMs: busy * producers * WINDOW_MS,
  slotMs: producers * WINDOW_MS,
  calls: Math.round((busy * producers * WINDOW_MS) / 10),
  callMs: busy * producers * WINDOW_MS,
  waitP95Ms: busy > 0.8 ? 20 : 1,
  activeLanes: 24,
  faults: 0,
  throttledMs: 0,
  guardOpen: false,
  settling: false,
  brokers: 1,
  ...o,
});

/** The decisions after windows of one second each, as `kind from→to reason`. */
const decisions = (
  samples: readonly ((producers: number) => ScaleSample)[],
  o: { readonly policy?: Partial<ScalePolicy>; readonly producers?: number } = {},
): readonly string[] => {
  let state: ScaleState = newScaleState(o.producers ?? 1);
  return samples.map((sample, index) => {
    const x = { ...sample(state.producers), atMs: (index + 1) * WINDOW_MS };
    const scaled = nextScale(state, x, { ...policy, ...o.policy });
    ({ state } = scaled);
    const { kind, from, to, reason } = scaled.decision;
    return kind === 'stay' ? `stay ${reason}` : `${kind} ${from}→${to} ${reason}`;
  });
};

const busy =
  (share: number, o: Partial<ScaleSample> = {}) =>
  (producers: number) =>
    windowOf(share, o, producers);
const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);

describe('PO-5 the scaling decision', () => {
  test('R-KP-2 up after three hot windows in a row, never after two and a cool one', () => {
    expect(decisions(times(3, busy(0.9)))).toEqual(['stay steady', 'stay steady', 'up 1→2 saturated']);
    expect(decisions([busy(0.9), busy(0.9), busy(0.5), busy(0.9), busy(0.9)]).at(-1)).toBe('stay steady');
  });

  test('R-KP-2 busy slots without waiting batches, and waiting without busy slots, are not hot', () => {
    expect(decisions(times(5, busy(0.95, { waitP95Ms: 5 })))).toEqual(times(5, 'stay steady'));
    expect(decisions(times(5, busy(0.8, { waitP95Ms: 50 })))).toEqual(times(5, 'stay steady'));
  });

  test('R-KP-2 on a ramp the forecast decides how many, at most twice as many', () => {
    const ramp = [60, 80, 100, 130, 160].map((calls) => (producers: number) => ({
      ...windowOf(0.9, { waitP95Ms: calls > 90 ? 20 : 1 }, producers),
      calls: calls * producers,
      callMs: calls * producers * 20,
    }));
    expect(decisions(ramp, { producers: 2 }).at(-1)).toBe('up 2→4 forecast');
  });

  test('R-KP-2 not again within the cool-down', () => {
    const all = decisions(times(14, busy(1)));
    expect(all[2]).toMatch(/^up 1→2/);
    expect(all.slice(5, 12)).toEqual(times(7, 'stay cooldown'));
    expect(all[12]).toMatch(/^up 2→/);
  });

  test.each<[string, Partial<ScaleSample>, Partial<ScalePolicy>]>([
    ['at-max', {}, { max: 1 }],
    ['lane-bound', { activeLanes: 1 }, {}],
    ['connection-bound', { brokers: 200 }, {}],
    ['no-benefit', {}, { serialises: false }],
    ['guard-open', { guardOpen: true }, {}],
    ['throttled', { throttledMs: 1 }, {}],
    ['faults', { faults: 10 }, {}],
    ['settling', { settling: true }, {}],
  ])('R-KP-2 never up: %s', (reason, sample, limits) => {
    const all = decisions(times(5, busy(0.9, sample)), { policy: limits });
    expect(all.at(-1)).toBe(`stay ${reason}`);
    expect(all.filter((one) => one.startsWith('up'))).toEqual([]);
  });

  test('R-KP-2 windows in trouble count for nothing: after an outage it takes three good hot ones', () => {
    const all = decisions([...times(2, busy(0.9)), busy(0.9, { guardOpen: true }), ...times(3, busy(0.9))]);
    expect(all.slice(2)).toEqual(['stay guard-open', 'stay steady', 'stay steady', 'up 1→2 saturated']);
    const cold = decisions([...times(59, busy(0)), busy(0, { guardOpen: true }), ...times(59, busy(0))], {
      producers: 2,
    });
    expect(cold.at(-1)).toBe('stay steady');
  });

  test('R-KP-2 down after a minute of idle slots, one at a time, never below min', () => {
    const all = decisions(times(130, busy(0.1)), { producers: 3, policy: { min: 1 } });
    expect(all.flatMap((one, index) => (one.startsWith('down') ? [`${index + 1} s: ${one}`] : []))).toEqual([
      '60 s: down 3→2 idle',
      '120 s: down 2→1 idle',
    ]);
    expect(all.at(-1)).toBe('stay at-min');
  });

  test('R-KP-2 not down within the cool-down, nor while one fewer would be busy', () => {
    const hurried = decisions(times(70, busy(0.1)), { producers: 3, policy: { downAfterMs: 2_000 } });
    expect(hurried.slice(1, 4)).toEqual(['down 3→2 idle', 'stay steady', 'stay cooldown']);
    const busyOnFewer = decisions(times(70, busy(0.31)), { producers: 2, policy: { downBusyRatio: 0.35 } });
    expect(busyOnFewer.at(-1)).toBe('stay steady');
  });

  test('R-KP-2 a pool without traffic has no slots in use: nothing is divided by zero', () => {
    const silent = busy(0, { slotMs: 0, calls: 0, callMs: 0 });
    const scaled = nextScale(newScaleState(2), { ...silent(2), atMs: 1 }, policy);
    expect(scaled).toMatchObject({ utilizationRatio: 0, forecastCallsPerS: 0, decision: { kind: 'stay' } });
    expect(Object.values(scaled.state).some(Number.isNaN)).toBe(false);
    expect(decisions(times(3, busy(1, { slotMs: 0 }))).at(-1)).toBe('stay at-min');
  });
});

/** An open system: calls of `callMs` arrive at a constant rate at one slot a producer; what finds no slot waits. */
const simulate = (load: number, seconds: number, o: Partial<ScalePolicy> = {}): readonly number[] => {
  let state = newScaleState(1);
  const changes: number[] = [];
  for (let second = 1; second <= seconds; second += 1) {
    const share = Math.min(1, load / state.producers);
    const x = windowOf(share, { atMs: second * WINDOW_MS, waitP95Ms: share > 0.8 ? 50 : 0 }, state.producers);
    const scaled = nextScale(state, x, { ...policy, ...o });
    ({ state } = scaled);
    if (scaled.decision.kind !== 'stay') changes.push(second);
  }
  return changes;
};

describe('PO-5 properties', () => {
  test('R-KP-2 a constant load never goes back and forth: at most one change after 30 s', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 12, noNaN: true }), (load) => {
        expect(simulate(load, 600).filter((second) => second > 30).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });

  test('R-KP-2 whatever comes, the number stays in its bounds, changes by its rules and never grows in trouble', () => {
    const sampleArb = fc.record({
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      waitP95Ms: fc.constantFrom(0, 4, 6, 500),
      activeLanes: fc.integer({ min: 0, max: 12 }),
      faults: fc.constantFrom(0, 0, 0, 50),
      throttledMs: fc.constantFrom(0, 0, 0, 9),
      guardOpen: fc.constantFrom(false, false, false, true),
      settling: fc.constantFrom(false, false, true),
      brokers: fc.integer({ min: 0, max: 5 }),
    });
    const policyArb = fc.record({
      min: fc.integer({ min: 1, max: 3 }),
      max: fc.integer({ min: 3, max: 8 }),
      maxConnections: fc.integer({ min: 1, max: 30 }),
      downAfterMs: fc.constantFrom(1_000, 5_000),
      downCooldownMs: fc.constantFrom(0, 3_000),
      upCooldownMs: fc.constantFrom(0, 3_000),
    });
    fc.assert(
      fc.property(fc.array(sampleArb, { size: 'max', maxLength: 200 }), policyArb, (samples, limits) => {
        const p = { ...policy, ...limits };
        let state = newScaleState(p.min);
        for (const [index, { share, ...rest }] of samples.entries()) {
          const x = windowOf(share, { ...rest, atMs: (index + 1) * WINDOW_MS }, state.producers);
          const { decision, ...scaled } = nextScale(state, x, p);
          const trouble = x.guardOpen || x.settling || x.throttledMs > 0 || x.faults > x.calls * 0.1;
          const most = Math.min(p.max, x.activeLanes, Math.floor(p.maxConnections / Math.max(1, x.brokers)));
          const allowed = {
            stay: decision.to === decision.from,
            up: !trouble && decision.to > decision.from && decision.to <= Math.min(most, decision.from * 2),
            down: !trouble && decision.to === decision.from - 1 && decision.to >= p.min,
          };
          expect({ ...decision, allowed: allowed[decision.kind] }).toMatchObject({ allowed: true });
          expect(scaled.state.producers).toBe(decision.to);
          ({ state } = scaled);
        }
      }),
    );
  });
});
