/** Faults of cockatiel that show only in its own terms. Those of its state machine are among the common scenarios. */
import { circuitBreaker, type CircuitBreakerPolicy, ConsecutiveBreaker, handleAll, SamplingBreaker } from 'cockatiel';

import { FAILURES, OPEN_MS, type Peer } from '../peer.ts';
import { busbar, busbarOn } from '../peers/busbar.ts';
import { cockatiel, nameOfState } from '../peers/cockatiel.ts';
import { Session } from '../session.ts';
import { drain, type VirtualTime } from '../virtual-time.ts';
import {
  brokenListener,
  ending,
  fails,
  hangs,
  HOUR_MS,
  type Observe,
  repeat,
  type Scenario,
  succeeds,
  virtually,
} from './scenario.ts';

const CALLERS = 1_000;
const WINDOW_MS = 10_000;
const WINDOW_CALLS = 5;

const cockatielFor = (initialState?: unknown): CircuitBreakerPolicy =>
  circuitBreaker(handleAll, { halfOpenAfter: OPEN_MS, breaker: new ConsecutiveBreaker(FAILURES), initialState });

/** A saved state as it comes back from a store. */
const stored = (state: unknown): unknown => JSON.parse(JSON.stringify(state));

/** A breaker whose one probe is running; `finish` lets that succeed. */
const probing = async (time: VirtualTime, execute: (work: () => Promise<string>) => Promise<unknown>) => {
  const probe = Promise.withResolvers<string>();
  await repeat(FAILURES, () => execute(fails));
  await time.advance(OPEN_MS);
  execute(() => probe.promise).catch(() => undefined);
  await drain();
  return { finish: () => probe.resolve('fine') };
};

const settledOf = async (calls: readonly Promise<unknown>[]): Promise<string> => {
  let settled = 0;
  const count = (): void => {
    settled += 1;
  };
  for (const call of calls) call.then(count, count);
  await drain();
  return `${settled} of ${calls.length} end`;
};

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** What runs at the moment at which the probe succeeds. */
const stampede = async (time: VirtualTime, execute: (work: () => Promise<string>) => Promise<unknown>) => {
  const { finish } = await probing(time, execute);
  let running = 0;
  const work = (): Promise<string> => {
    running += 1;
    return hangs();
  };
  for (const call of times(CALLERS, () => execute(work))) call.catch(() => undefined);
  finish();
  await drain();
  return `${running} run at once`;
};

const afterStepBack = (peer: Peer): Observe =>
  virtually(async (time) => {
    const session = new Session(peer, time);
    await repeat(FAILURES, async () => session.settle(await session.beginAdmitted(), 'failure'));
    time.stepWallClock(-HOUR_MS);
    await session.advance(OPEN_MS);
    return session.begin();
  });

export const COCKATIEL_SCENARIOS: readonly Scenario[] = [
  {
    id: 'C2',
    title: 'Isolated, saved, restored; then whatever handle can be had is disposed of',
    right: 'closed',
    peer: virtually(async () => {
      const before = cockatielFor();
      before.isolate();
      const restored = cockatielFor(stored(before.toJSON()));
      restored.isolate().dispose();
      return nameOfState(restored.state);
    }),
    ours: virtually(async (time) => {
      const before = busbarOn(time);
      before.isolate('by hand');
      const restored = busbarOn(time, { restore: stored(before.exportState()) });
      restored.restoredIsolation?.release();
      return restored.state;
    }),
  },
  {
    id: 'C3',
    title: `Half of ${WINDOW_CALLS} calls within 10 s open it: ${WINDOW_CALLS - 1} failures, an hour of silence, 1 failure`,
    right: 'closed',
    peer: virtually(async (time) => {
      const minimumRps = WINDOW_CALLS / (WINDOW_MS / 1_000);
      const breaker = new SamplingBreaker({ threshold: 0.5, duration: WINDOW_MS, minimumRps });
      const policy = circuitBreaker(handleAll, { halfOpenAfter: OPEN_MS, breaker });
      await repeat(WINDOW_CALLS - 1, () => policy.execute(fails));
      await time.advance(HOUR_MS);
      await repeat(1, () => policy.execute(fails));
      return nameOfState(policy.state);
    }),
    ours: virtually(async (time) => {
      const breaker = busbarOn(time, {
        window: { type: 'time', durationMs: WINDOW_MS },
        trip: { consecutive: 0, failureRatio: 0.5, minimumCalls: WINDOW_CALLS },
      });
      await repeat(WINDOW_CALLS - 1, () => breaker.execute(fails));
      await time.advance(HOUR_MS);
      await repeat(1, () => breaker.execute(fails));
      return breaker.state;
    }),
  },
  {
    id: 'C4',
    title: `A probe hangs, ${CALLERS} callers wait for its end, and abort`,
    right: `${CALLERS} of ${CALLERS} end`,
    peer: virtually(async (time) => {
      const breaker = cockatielFor();
      await probing(time, (work) => breaker.execute(work));
      const impatience = new AbortController();
      const calls = times(CALLERS, () => breaker.execute(succeeds, impatience.signal));
      impatience.abort();
      return settledOf(calls);
    }),
    ours: virtually(async (time) => {
      const breaker = busbarOn(time, { maxWaiters: CALLERS });
      await probing(time, (work) => breaker.execute(work));
      const impatience = new AbortController();
      const calls = times(CALLERS, () => breaker.ready({ signal: impatience.signal }));
      impatience.abort();
      return settledOf(calls);
    }),
  },
  {
    id: 'C5',
    title: `${CALLERS} calls are made while a probe runs, which succeeds`,
    right: '0 run at once',
    peer: virtually((time) => {
      const breaker = cockatielFor();
      return stampede(time, (work) => breaker.execute(work));
    }),
    ours: virtually((time) => {
      const breaker = busbarOn(time);
      return stampede(time, (work) => breaker.execute(work));
    }),
  },
  {
    id: 'C7',
    title: 'A listener that is told of a success throws',
    right: 'resolves with fine',
    peer: virtually(async () => {
      const breaker = cockatielFor();
      breaker.onSuccess(brokenListener);
      return ending(breaker.execute(succeeds));
    }),
    ours: virtually(async (time) => {
      const breaker = busbarOn(time, { onListenerError: () => undefined });
      breaker.suggestOpen(OPEN_MS, 'so that the success is told of: it closes the breaker');
      breaker.onTransition(brokenListener);
      await time.advance(OPEN_MS);
      return ending(breaker.execute(succeeds));
    }),
  },
  {
    id: 'C8',
    title: 'It opens, the wall clock is set back by an hour, the open time passes; the next call',
    right: 'admitted',
    peer: afterStepBack(cockatiel),
    ours: afterStepBack(busbar),
  },
];
