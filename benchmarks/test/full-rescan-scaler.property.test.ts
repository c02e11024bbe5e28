import { seededRandom } from '@busbar-tooling/test-kit/seeded-random';
import { ProducerDriverError } from '@busbar/producer-pool';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FAULTS } from '../../packages/producer-pool/src/kafka-errors.ts';
import { POLICY, TotalsScaler, WINDOW_MS } from '../src/arms/scaling-load.ts';
import { FullRescanScaler, type RescanCall } from '../src/baselines/full-rescan-scaler.ts';

const SLOTS = 1;
const LANES = 6;
const BROKERS = 3;
/** Below and above what makes a pool grow, by more than the histogram of the totals is off: 1.6 %. */
const WAITS_MS = [0, 2, 4, 8, 20];
/** So rare that the 95th percentile of some windows has it, and of others has not. */
const LONG_WAIT_MS = 30;
const OPTIONS = { policy: { ...POLICY, downAfterMs: 10_000, downCooldownMs: 5_000 }, slotsPerProducer: SLOTS };
const FAILED: Parameters<TotalsScaler['ended']>[1] = {
  type: 'failed',
  fault: FAULTS.unacknowledged,
  error: new ProducerDriverError({ pool: 'test', scope: 'broker' }, { outcome: 'unknown' }),
  laneFault: false,
};

/** A window: how busy, and how long its batches wait. */
interface Load {
  readonly calls: number;
  readonly durationMs: number;
  readonly wait: number;
}

const load = fc.oneof(
  fc.record({ calls: fc.nat({ max: 40 }), durationMs: fc.nat({ max: 700 }), wait: fc.nat({ max: 4 }) }),
  fc.constantFrom({ calls: 12, durationMs: 700, wait: 4 }, { calls: 2, durationMs: 50, wait: 0 }),
);

/** Up to 60 windows, some of them alike for a while. */
const windows = fc
  .array(fc.record({ load, times: fc.integer({ min: 1, max: 20 }) }), { minLength: 1, maxLength: 12, size: 'max' })
  .map((phases) => phases.flatMap((phase) => Array.from({ length: phase.times }, () => phase.load)).slice(0, 60));

/** An event of a window, in the order of time. */
interface Step {
  readonly atMs: number;
  readonly act: () => void;
}

/** Both scalers on the same calls, which may end in a later window than they began in. */
class Pair {
  readonly totals = new TotalsScaler({ ...OPTIONS, lanes: LANES }, 0);
  readonly rescan: FullRescanScaler;
  readonly #random: () => number;
  #nowMs = 0;
  #later: Step[] = [];

  constructor(seed: number, kept: number) {
    this.#random = seededRandom(seed);
    this.rescan = new FullRescanScaler({ ...OPTIONS, windowMs: WINDOW_MS, windows: kept }, 0);
  }

  /** A window, and what both decide at its end. */
  pass({ calls, durationMs, wait }: Load) {
    const endMs = this.#nowMs + WINDOW_MS;
    // Half milliseconds: sums of them are exact in any order, and none is the edge of a window.
    for (let call = 0; call < calls; call += 1)
      this.#begin(
        this.#nowMs + Math.floor(this.#random() * WINDOW_MS) + 0.5,
        durationMs,
        this.#random() < 0.07 ? LONG_WAIT_MS : (WAITS_MS[wait] ?? 0),
      );
    for (let step = this.#next(endMs); step !== undefined; step = this.#next(endMs)) step.act();
    this.#nowMs = endMs;
    return { totals: this.totals.decide(endMs), rescan: this.rescan.decide() };
  }

  #next(endMs: number): Step | undefined {
    this.#later.sort((a, b) => a.atMs - b.atMs);
    return (this.#later[0]?.atMs ?? endMs) < endMs ? this.#later.shift() : undefined;
  }

  #begin(startedAtMs: number, durationMs: number, waitMs: number): void {
    const lane = Math.floor(this.#random() * LANES);
    const broker = lane % BROKERS;
    const failed = this.#random() < 0.02;
    const act = (): void => {
      const call: RescanCall = { startedAtMs, waitMs, lane, broker };
      this.rescan.started(call);
      this.totals.started({ lane, broker, waitMs, nowMs: startedAtMs });
      const nowMs = startedAtMs + durationMs;
      this.#later.push({ atMs: nowMs, act: () => this.#end(call, { durationMs, nowMs }, failed) });
    };
    this.#later.push({ atMs: startedAtMs, act });
  }

  #end(call: RescanCall, { durationMs, nowMs }: { durationMs: number; nowMs: number }, failed: boolean): void {
    call.endedAtMs = nowMs;
    call.failed = failed;
    this.totals.ended({ durationMs, nowMs }, failed ? FAILED : undefined);
  }
}

describe('the rescanning scaler of B-KP-6 (R-KP-2)', () => {
  it('decides as the running totals do, as long as no sample is older than what it keeps', () => {
    fc.assert(
      fc.property(windows, fc.integer(), (loads, seed) => {
        const pair = new Pair(seed, 60);
        for (const one of loads) {
          const { totals, rescan } = pair.pass(one);
          expect(rescan.decision).toEqual(totals.decision);
          expect(rescan.utilizationRatio).toBe(totals.utilizationRatio);
          expect(rescan.forecastCallsPerS).toBeCloseTo(totals.forecastCallsPerS, 9);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('goes up and down, meets faults, and forgets old calls on random inputs, so that the comparison says something', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(windows, fc.integer(), (loads, seed) => {
        const pair = new Pair(seed, 10);
        let calls = 0;
        for (const one of loads) {
          const { decision } = pair.pass(one).rescan;
          calls += one.calls;
          seen.add(decision.kind).add(decision.reason);
        }
        if (pair.rescan.size < calls / 2) seen.add('forgot');
      }),
      { numRuns: 200 },
    );
    expect([...seen]).toEqual(expect.arrayContaining(['up', 'down', 'faults', 'cooldown', 'at-min', 'forgot']));
  });
});
