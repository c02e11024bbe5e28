/** The commands of the model-based test: what a user, a dependency and time can do to a breaker. */
import fc from 'fast-check';
import { expect } from 'vitest';

import type {
  Breaker,
  BreakerOptions,
  BreakerPatch,
  IsolationHandle,
  Permit,
  TransitionEvent,
  Verdict,
} from '../src/index.ts';
import type { ModelCall, ReferenceModel } from './reference-model.ts';

/** Dyadic numbers, so that the formulas of the model and of the product agree to the last bit. */
const RANDOM = [0, 0.5, 0.25, 0.75, 0.9375];
export const cyclic = (): (() => number) => {
  let index = 0;
  return () => RANDOM[(index += 1) % RANDOM.length] ?? 0;
};

export const optionsArbitrary: fc.Arbitrary<BreakerOptions> = fc
  .record({
    window: fc.constantFrom<'time' | 'count' | 'none'>('time', 'time', 'count', 'none'),
    buckets: fc.constantFrom(1, 2, 4),
    calls: fc.integer({ min: 1, max: 6 }),
    consecutive: fc.integer({ min: 0, max: 4 }),
    failureRatio: fc.constantFrom(0, 0.5, 1),
    minimumCalls: fc.integer({ min: 1, max: 4 }),
    slow: fc.boolean(),
    baseMs: fc.constantFrom(8, 64),
    factor: fc.integer({ min: 1, max: 3 }),
    maxMs: fc.constantFrom(64, 128, 512),
    jitter: fc.constantFrom<'none' | 'equal'>('none', 'equal'),
    resetAfterMs: fc.constantFrom(undefined, 0, 100),
    probes: fc.integer({ min: 1, max: 4 }),
    maxFailures: fc.integer({ min: 0, max: 2 }),
    concurrency: fc.integer({ min: 1, max: 6 }),
    leaseMs: fc.constantFrom(16, 100),
    rampMs: fc.constantFrom(0, 0, 32),
    maxConcurrentCalls: fc.constantFrom(0, 0, 3),
  })
  .map((drawn) => {
    const hasWindow = drawn.window !== 'none';
    const isSlow = hasWindow && drawn.slow;
    const failureRatio = hasWindow ? drawn.failureRatio : 0;
    const consecutive = drawn.consecutive === 0 && failureRatio === 0 && !isSlow ? 2 : drawn.consecutive;
    const minimumCalls = Math.min(drawn.minimumCalls, drawn.calls);
    const probes = Math.min(drawn.probes, consecutive > 0 ? consecutive : minimumCalls);
    const { baseMs, factor, maxMs, jitter, resetAfterMs, maxFailures, leaseMs, rampMs, maxConcurrentCalls } = drawn;
    return {
      name: 'model',
      profile: 'production',
      window: { type: drawn.window, durationMs: 128, buckets: drawn.buckets, calls: drawn.calls },
      trip: { consecutive, failureRatio, minimumCalls, slowMs: isSlow ? 16 : 0, slowRatio: isSlow ? 0.5 : 0 },
      open: { baseMs, factor, maxMs, jitter, ...(resetAfterMs !== undefined && { resetAfterMs }) },
      halfOpen: { probes, maxFailures, leaseMs, concurrency: Math.min(drawn.concurrency, probes + maxFailures) },
      rampMs,
      maxConcurrentCalls,
    };
  });

interface Given {
  readonly permit: Permit;
  readonly call: ModelCall;
  settled: boolean;
}

/** The product in a run, with what it has handed out. */
export class Run {
  readonly time: { nowMs: number };
  readonly #create: (restore?: unknown) => Breaker;
  breaker: Breaker;
  given: Given[] = [];
  handles: IsolationHandle[] = [];
  events: TransitionEvent[] = [];
  /** Edges before anybody listened. */
  unheard = 0;
  /** Events that have been compared. */
  compared = 0;

  constructor(create: (restore?: unknown) => Breaker, time: { nowMs: number }) {
    this.#create = create;
    this.time = time;
    this.breaker = this.#listenTo(create());
  }

  restart(): void {
    const saved: unknown = JSON.parse(JSON.stringify(this.breaker.exportState()));
    void this.breaker.close();
    this.given = [];
    this.events = [];
    this.compared = 0;
    this.unheard = 1;
    this.breaker = this.#listenTo(this.#create(saved));
    const { restoredIsolation } = this.breaker;
    this.handles = restoredIsolation === undefined ? [] : [restoredIsolation];
  }

  #listenTo(breaker: Breaker): Breaker {
    breaker.onTransition((event) => this.events.push(event));
    return breaker;
  }
}

/** The model, in a box: a restart makes a new one. */
export interface Box {
  model: ReferenceModel;
  /** `leaseMs + open.maxMs`: the bound of I3. */
  readonly quietMs: number;
}

export type Command = fc.Command<Box, Run>;

const OVERLAYS = ['isolated', 'disabled', 'observe'];
const MACHINE = [
  ...['consecutive', 'failure-rate', 'slow-rate', 'hint'].map((cause) => `closed>open ${cause}`),
  ...['probe-failed', 'probe-timeout', 'hint'].map((cause) => `half-open>open ${cause}`),
  'open>half-open open-elapsed',
  'half-open>closed probes-succeeded',
  ...['closed', 'open', 'half-open'].map((from) => `${from}>closed reset`),
];
const BY_HAND = OVERLAYS.flatMap((over) =>
  ['closed', 'open', 'half-open', ...OVERLAYS].flatMap((other) => [`${other}>${over} manual`, `${over}>closed manual`]),
);
const LEGAL = new Set([...MACHINE, ...BY_HAND, 'isolated>half-open manual']);

/** What must hold after every command. */
const agree = ({ model }: Box, run: Run): void => {
  const { breaker, time } = run;
  const stats = breaker.stats();
  expect(`${breaker.state} ${stats.automaticState} ${breaker.epoch}`).toBe(
    `${model.state} ${model.machine} ${model.epoch}`,
  );
  expect([stats.inFlight, stats.openCount, stats.wouldReject]).toEqual([
    model.inFlight,
    model.openCount,
    model.wouldReject,
  ]);
  if (model.machine === 'closed') expect(stats.consecutiveFailures).toBe(model.consecutive);
  expect(stats.openRemainingMs).toBe(model.machine === 'open' ? Math.max(0, model.openUntilMs - time.nowMs) : 0);
  // I4
  const window = model.inWindow(time.nowMs);
  expect([stats.windowCalls, stats.windowFailures, stats.windowSlow]).toEqual([
    window.length,
    window.filter((one) => one.failed).length,
    window.filter((one) => one.slow).length,
  ]);
  // I6, and events in the order of epochs
  expect(run.events.length + run.unheard).toBe(model.edges.length);
  for (; run.compared < run.events.length; run.compared += 1) {
    const { from, to, cause, epoch } = run.events[run.compared] ?? {};
    const edge = `${from}>${to} ${cause}`;
    expect(edge).toBe(model.edges[run.compared + run.unheard]);
    expect(LEGAL).toContain(edge);
    expect(epoch).toBe(run.compared + run.unheard + 2);
  }
  // I5: every admitted call is under exactly one heading, or still in flight
  const { success, failure, ignored, staleSuccess, staleFailure, staleIgnored, extraSettlements, inFlight } = stats;
  const settled = success + failure + ignored + staleSuccess + staleFailure + staleIgnored;
  expect([settled + inFlight, extraSettlements]).toEqual([model.calls.length, 0]);
};

const stateOfMachine = ({ breaker }: Run): string => breaker.stats().automaticState;

const begin = ({ model }: Box, run: Run): boolean => {
  const expected = model.begin(run.time.nowMs);
  const permit = run.breaker.tryAcquire();
  expect(permit).toBe(expected?.epoch ?? 0);
  if (permit !== 0 && expected !== undefined) run.given.push({ permit, call: expected, settled: false });
  // I2, counted by what was handed out
  if (stateOfMachine(run) === 'half-open' && permit === run.breaker.epoch) {
    const flying = run.given.filter((one) => one.permit === permit && !one.settled).length;
    expect(flying).toBeLessThanOrEqual(model.settings.halfOpen.concurrency);
  }
  // I7
  if (permit === 0) expect(run.breaker.retryAfterMs).toBeGreaterThanOrEqual(0);
  return permit !== 0;
};

/** What a result may not touch if it is stale. */
const visible = ({ breaker }: Run): unknown => {
  const { state, epoch, openRemainingMs, openCount, probesSucceeded, probesFailed, windowCalls, consecutiveFailures } =
    breaker.stats();
  return { state, epoch, openRemainingMs, openCount, probesSucceeded, probesFailed, windowCalls, consecutiveFailures };
};

const settle = ({ model }: Box, run: Run, { index, verdict }: { index: number; verdict: Verdict }): void => {
  const open = run.given.filter((one) => !one.settled);
  const one = open[index % open.length];
  if (one === undefined) return;
  one.settled = true;
  const before = visible(run);
  const { breaker } = run;
  const answers = {
    success: () => breaker.success(one.permit, one.call.atMs),
    failure: () => breaker.failure(one.permit, one.call.atMs),
    ignore: () => breaker.release(one.permit),
  };
  const answer = answers[verdict]();
  expect(answer).toBe(model.settle(one.call, verdict, run.time.nowMs));
  // I1
  if (!answer) expect(visible(run)).toEqual(before);
};

const update = ({ model }: Box, run: Run, patch: BreakerPatch): void => {
  try {
    run.breaker.update(patch);
  } catch {
    return; // refused as a whole: the comparison that follows shows that nothing changed
  }
  const { settings } = model;
  const { trip, open, halfOpen, rampMs = settings.rampMs } = patch;
  model.update(
    {
      ...settings,
      trip: { ...settings.trip, ...trip },
      open: { ...settings.open, ...open },
      halfOpen: { ...settings.halfOpen, ...halfOpen },
      rampMs,
    },
    run.time.nowMs,
  );
};

/** I3: after so much quiet somebody is admitted, unless people or the bulkhead stand in the way. */
const beginAfterQuiet = (box: Box, run: Run): void => {
  run.time.nowMs += box.quietMs;
  expect(begin(box, run)).toBe(true);
};

const PATCHES: readonly BreakerPatch[] = [
  { halfOpen: { probes: 1, concurrency: 1, maxFailures: 0 } },
  { halfOpen: { maxFailures: 2 } },
  { halfOpen: { probes: 3 } },
  { trip: { consecutive: 1 } },
  { trip: { failureRatio: 1 } },
  { open: { maxMs: 64 } },
  { rampMs: 32 },
  { rampMs: 0 },
];

export const allCommands = (): fc.Arbitrary<Command>[] => {
  const command = (
    name: string,
    run: (box: Box, real: Run) => unknown,
    check: (box: Box) => boolean = () => true,
  ): Command => ({
    check: (box) => check(box),
    run: (box, real) => {
      run(box, real);
      agree(box, real);
    },
    toString: () => name,
  });
  const isFree = ({ model }: Box): boolean => {
    const { maxConcurrentCalls } = model.settings;
    return model.isolations === 0 && (maxConcurrentCalls === 0 || model.inFlight < maxConcurrentCalls);
  };
  const settlements = fc.record({
    index: fc.nat(5),
    verdict: fc.constantFrom<Verdict>('failure', 'success', 'ignore', 'failure'),
  });
  return [
    fc.constant(command('begin', begin)),
    settlements.map((which) =>
      command(
        `settle(${which.index}, ${which.verdict})`,
        (box, run) => {
          settle(box, run, which);
        },
        ({ model }) => model.inFlight > 0,
      ),
    ),
    fc
      .constantFrom(1, 8, 15, 16, 32, 64, 100, 512)
      .map((ms) => command(`advance(${ms})`, (_, run) => (run.time.nowMs += ms))),
    fc.constant(
      command('isolate', ({ model }, run) => {
        model.isolate(run.time.nowMs);
        run.handles.push(run.breaker.isolate('by hand'));
      }),
    ),
    fc.constantFrom<'closed' | 'half-open'>('closed', 'half-open').map((resume) =>
      command(
        `release(${resume})`,
        ({ model }, run) => {
          model.release(run.time.nowMs, resume);
          const handle = run.handles.pop();
          handle?.release(resume === 'half-open' ? { resume } : {});
          handle?.release();
        },
        ({ model }) => model.isolations > 0,
      ),
    ),
    fc.constantFrom<'active' | 'observe' | 'disabled'>('active', 'observe', 'disabled').map((mode) =>
      command(`setMode(${mode})`, ({ model }, run) => {
        model.setMode(mode, run.time.nowMs);
        run.breaker.setMode(mode);
      }),
    ),
    fc.constant(
      command('reset', ({ model }, run) => {
        model.reset(run.time.nowMs);
        run.breaker.reset();
      }),
    ),
    fc.constantFrom(1, 32, 10_000).map((ms) =>
      command(`suggestOpen(${ms})`, ({ model }, run) => {
        model.suggestOpen(ms, run.time.nowMs);
        run.breaker.suggestOpen(ms, 'told so');
      }),
    ),
    fc.constantFrom(...PATCHES).map((patch) =>
      command(`update(${JSON.stringify(patch)})`, (box, run) => {
        update(box, run, patch);
      }),
    ),
    fc.constant(
      command('restart', (box, run) => {
        box.model = box.model.restarted(run.time.nowMs);
        run.restart();
      }),
    ),
    fc.constant(
      command(
        'I3',
        (box, run) => {
          beginAfterQuiet(box, run);
        },
        isFree,
      ),
    ),
  ];
};
