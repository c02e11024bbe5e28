import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type Breaker,
  createBreaker,
  type IsolationHandle,
  type Permit,
  type TransitionEvent,
  type Verdict,
} from '../src/index.ts';
import { type ModelCall, ReferenceModel } from './reference-model.ts';

/** A long run is asked for by `BREAKER_MODEL_RUNS=20000`. */
const RUNS = Number(process.env['BREAKER_MODEL_RUNS'] ?? 400);

/** Dyadic numbers, so that the model's formula and the product's agree to the last bit. */
const RANDOM = [0, 0.5, 0.25, 0.75, 0.9375];
const cyclic = (): (() => number) => {
  let index = 0;
  return () => RANDOM[(index += 1) % RANDOM.length] ?? 0;
};

const settingsArbitrary = fc
  .record({
    consecutive: fc.integer({ min: 1, max: 4 }),
    baseMs: fc.constantFrom(8, 64),
    factor: fc.integer({ min: 1, max: 3 }),
    maxMs: fc.constantFrom(64, 128, 512),
    jitter: fc.constantFrom<'none' | 'equal'>('none', 'equal'),
    resetAfterMs: fc.constantFrom(undefined, 0, 100),
    probes: fc.integer({ min: 1, max: 4 }),
    maxFailures: fc.integer({ min: 0, max: 2 }),
    concurrency: fc.integer({ min: 1, max: 6 }),
    leaseMs: fc.constantFrom(16, 100),
  })
  .map((drawn) => {
    const probes = Math.min(drawn.probes, drawn.consecutive);
    return {
      name: 'model',
      trip: { consecutive: drawn.consecutive },
      open: {
        baseMs: drawn.baseMs,
        factor: drawn.factor,
        maxMs: drawn.maxMs,
        jitter: drawn.jitter,
        resetAfterMs: drawn.resetAfterMs,
      },
      halfOpen: {
        probes,
        maxFailures: drawn.maxFailures,
        concurrency: Math.min(drawn.concurrency, probes + drawn.maxFailures),
        leaseMs: drawn.leaseMs,
      },
      maxWaiters: 10,
      captureStack: false,
    };
  });

interface Real {
  readonly breaker: Breaker;
  readonly permits: { permit: Permit; call: ModelCall; settled: boolean }[];
  readonly handles: IsolationHandle[];
  readonly events: TransitionEvent[];
  told: number;
  readonly time: { nowMs: number };
  readonly patienceMs: number;
}

const LEGAL = new Set([
  'closed>open consecutive',
  'closed>open hint',
  'half-open>open hint',
  'open>half-open open-elapsed',
  'half-open>closed probes-succeeded',
  'half-open>open probe-failed',
  'half-open>open probe-timeout',
  'closed>isolated manual',
  'open>isolated manual',
  'half-open>isolated manual',
  'isolated>closed manual',
  'isolated>half-open manual',
  'closed>closed reset',
  'open>closed reset',
  'half-open>closed reset',
]);

/** What must hold after every command. */
const agree = (model: ReferenceModel, real: Real, concurrency: number): void => {
  const { breaker } = real;
  const stats = breaker.stats();
  expect(`${breaker.state} ${stats.automaticState} ${breaker.epoch}`).toBe(
    `${model.state} ${model.machine} ${model.epoch}`,
  );
  expect(stats.inFlight).toBe(model.inFlight);
  expect(stats.openCount).toBe(model.openCount);
  if (model.state === 'closed') expect(stats.consecutiveFailures).toBe(model.consecutive);
  expect(stats.openRemainingMs).toBe(model.machine === 'open' ? Math.max(0, model.openUntilMs - real.time.nowMs) : 0);
  // I6, and events in the order of epochs
  expect(real.events.length).toBe(model.edges.length);
  for (; real.told < real.events.length; real.told += 1) {
    const { from, to, cause, epoch } = real.events[real.told] ?? {};
    const edge = `${from}>${to} ${cause}`;
    expect(edge).toBe(model.edges[real.told]);
    expect(LEGAL).toContain(edge);
    expect(epoch).toBe(real.told + 2);
  }
  // I2
  expect(model.probesInFlight).toBeLessThanOrEqual(concurrency);
  // I5: every admitted call is under exactly one heading, or still in flight
  const { success, failure, ignored, staleSuccess, staleFailure, staleIgnored, extraSettlements } = stats;
  expect(success + failure + ignored + staleSuccess + staleFailure + staleIgnored + stats.inFlight).toBe(
    model.calls.length,
  );
  expect(extraSettlements).toBe(0);
};

type Command = fc.Command<ReferenceModel, Real>;

const begin = (model: ReferenceModel, real: Real): void => {
  const expected = model.begin(real.time.nowMs);
  const permit = real.breaker.tryAcquire();
  expect(permit).toBe(expected?.epoch ?? 0);
  if (permit !== 0 && expected !== undefined) real.permits.push({ permit, call: expected, settled: false });
  // I7
  if (permit === 0) expect(real.breaker.retryAfterMs).toBeGreaterThanOrEqual(0);
};

const settle = (index: number, verdict: Verdict): Omit<Command, 'toString'> => ({
  check: (model) => model.inFlight > 0,
  run: (model, real) => {
    const open = real.permits.filter((one) => !one.settled);
    const one = open[index % open.length];
    if (one === undefined) return;
    one.settled = true;
    const before = { state: real.breaker.state, stats: real.breaker.stats() };
    const counted = { success: 'success', failure: 'failure', ignore: 'release' } as const;
    const answer = real.breaker[counted[verdict]](one.permit);
    expect(answer).toBe(model.settle(one.call, verdict, real.time.nowMs));
    // I1
    if (!answer) {
      const { openRemainingMs, probesSucceeded, probesFailed, consecutiveFailures, epoch } = real.breaker.stats();
      expect(before).toMatchObject({
        state: real.breaker.state,
        stats: { openRemainingMs, probesSucceeded, probesFailed, consecutiveFailures, epoch },
      });
    }
  },
});

const commands = (concurrency: number): fc.Arbitrary<Command>[] => {
  const checked = (name: string, { check, run }: Omit<Command, 'toString'>): Command => ({
    check,
    run: (model, real) => {
      run(model, real);
      agree(model, real, concurrency);
    },
    toString: () => name,
  });
  const always = (name: string, run: Command['run']): Command => checked(name, { check: () => true, run });
  return [
    fc.constant(always('begin', begin)),
    fc
      .tuple(fc.nat(5), fc.constantFrom<Verdict>('failure', 'success', 'ignore', 'failure'))
      .map(([index, verdict]) => checked(`settle(${index}, ${verdict})`, settle(index, verdict))),
    fc.constantFrom(1, 8, 15, 16, 64, 100, 512).map((ms) =>
      always(`advance(${ms})`, (_, real) => {
        real.time.nowMs += ms;
      }),
    ),
    fc.constant(
      always('isolate', (model, real) => {
        model.isolate();
        real.handles.push(real.breaker.isolate('by hand'));
      }),
    ),
    fc.constantFrom('closed', 'half-open').map((resume) =>
      checked(`release(${resume})`, {
        check: (model) => model.isolations > 0,
        run: (model, real) => {
          model.release(real.time.nowMs, resume === 'closed' ? 'closed' : 'half-open');
          const handle = real.handles.pop();
          handle?.release(resume === 'half-open' ? { resume } : {});
          handle?.release();
        },
      }),
    ),
    fc.constant(
      always('reset', (model, real) => {
        model.reset(real.time.nowMs);
        real.breaker.reset();
      }),
    ),
    fc.constantFrom(1, 32, 10_000).map((ms) =>
      always(`suggestOpen(${ms})`, (model, real) => {
        model.suggestOpen(ms, real.time.nowMs);
        real.breaker.suggestOpen(ms, 'told so');
      }),
    ),
    fc.constant(
      checked('I3: admitted after a quiet time', {
        check: (model) => model.isolations === 0,
        run: (model, real) => {
          real.time.nowMs += real.patienceMs;
          begin(model, real);
          expect(real.permits.at(-1)?.call.atMs).toBe(real.time.nowMs);
        },
      }),
    ),
  ];
};

describe('state machine against the reference model', () => {
  test('R-CB-1 R-CB-7 every run of commands agrees with a naive breaker and keeps the invariants I1 to I7', () => {
    const scenario = settingsArbitrary.chain((settings) =>
      fc.record({
        settings: fc.constant(settings),
        script: fc.commands(commands(settings.halfOpen.concurrency), { maxCommands: 60, size: 'max' }),
      }),
    );
    fc.assert(
      fc.property(scenario, ({ settings, script }) => {
        fc.modelRun(() => {
          const time = { nowMs: 0 };
          const { resetAfterMs, ...open } = settings.open;
          const breaker = createBreaker({
            ...settings,
            open: { ...open, ...(resetAfterMs !== undefined && { resetAfterMs }) },
            clock: { now: () => time.nowMs },
            random: cyclic(),
          });
          const real: Real = {
            breaker,
            permits: [],
            handles: [],
            events: [],
            told: 0,
            time,
            patienceMs: settings.halfOpen.leaseMs + settings.open.maxMs,
          };
          breaker.onTransition((event) => real.events.push(event));
          return { model: new ReferenceModel(settings, cyclic()), real };
        }, script);
      }),
      { numRuns: RUNS },
    );
  });
});
