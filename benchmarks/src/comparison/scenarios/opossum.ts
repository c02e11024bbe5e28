/** Faults of opossum that show only in its own terms. Those of its state machine are among the common scenarios. */
import { type BreakerOptions, createBreaker } from '@busbar/circuit-breaker';
import Opossum from 'opossum';

import { ownFunction } from '../../arms/own-loop.ts';
import { FAILURES, OPEN_MS } from '../peer.ts';
import { busbarOn } from '../peers/busbar.ts';
import { OPOSSUM_OPTIONS, stateOf } from '../peers/opossum.ts';
import { brokenListener, ending, fails, hangs, repeat, type Scenario, succeeds, virtually } from './scenario.ts';

const TIMEOUT_MS = 50;
const LITTLE_MS = 20;
const MANY_CALLS = 10_000;
const FEW_CALLS = 100;

const opossumFor = (action: () => Promise<unknown>, options: Opossum.Options<[]> = {}): Opossum<[]> =>
  new Opossum<[]>(action, { ...OPOSSUM_OPTIONS, ...options });

const kept = (few: number, many: number): string =>
  few === many ? `as much as after ${FEW_CALLS}` : `${many}, after ${FEW_CALLS} it was ${few}`;

export const OPOSSUM_SCENARIOS: readonly Scenario[] = [
  {
    id: 'O1',
    title: 'A function without a promise returns undefined',
    right: 'resolves with undefined; failures: 0',
    peer: virtually(async () => {
      const breaker = opossumFor(ownFunction<() => Promise<undefined>>('() => undefined'));
      return `${await ending(breaker.fire())}; failures: ${breaker.stats.failures}`;
    }),
    ours: virtually(async (time) => {
      const breaker = busbarOn(time);
      return `${await ending(breaker.execute(() => undefined))}; failures: ${breaker.stats().failure}`;
    }),
  },
  {
    id: 'O2',
    title: `Long in use, opened, and ${LITTLE_MS} of ${OPEN_MS} ms later restored from its saved state`,
    right: 'open',
    peer: virtually(async (time) => {
      const breaker = opossumFor(fails);
      await time.advance(10 * OPEN_MS);
      await repeat(FAILURES, () => breaker.fire());
      await time.advance(LITTLE_MS);
      // In a variable, since the published types know nothing of the option.
      const saved = { ...OPOSSUM_OPTIONS, state: breaker.toJSON().state };
      return stateOf(opossumFor(fails, saved));
    }),
    ours: virtually(async (time) => {
      const breaker = busbarOn(time);
      await time.advance(10 * OPEN_MS);
      await repeat(FAILURES, () => breaker.execute(fails));
      await time.advance(LITTLE_MS);
      return busbarOn(time, { restore: breaker.exportState() }).state;
    }),
  },
  {
    id: 'O6',
    title: `Numbers kept of the latencies of ${MANY_CALLS} calls`,
    right: kept(0, 0),
    peer: virtually(async () => {
      const breaker = opossumFor(succeeds, { rollingPercentilesEnabled: true });
      await repeat(FEW_CALLS, () => breaker.fire());
      const few = breaker.stats.latencyTimes.length;
      await repeat(MANY_CALLS - FEW_CALLS, () => breaker.fire());
      return kept(few, breaker.stats.latencyTimes.length);
    }),
    ours: virtually(async (time) => {
      const breaker = busbarOn(time, { latency: 'cumulative' });
      const numbers = (): number => breaker.stats().latencyMs?.counts?.length ?? 0;
      await repeat(FEW_CALLS, () => breaker.execute(succeeds));
      const few = numbers();
      await repeat(MANY_CALLS - FEW_CALLS, () => breaker.execute(succeeds));
      return kept(few, numbers());
    }),
  },
  {
    id: 'O8',
    title: 'A listener that is told of a success throws',
    right: 'resolves with fine; failures: 0',
    peer: virtually(async () => {
      const breaker = opossumFor(succeeds);
      breaker.on('success', brokenListener);
      return `${await ending(breaker.fire())}; failures: ${breaker.stats.failures}`;
    }),
    ours: virtually(async (time) => {
      const breaker = busbarOn(time, { onListenerError: () => undefined });
      breaker.suggestOpen(OPEN_MS, 'so that the success is told of: it closes the breaker');
      breaker.onTransition(brokenListener);
      await time.advance(OPEN_MS);
      return `${await ending(breaker.execute(succeeds))}; failures: ${breaker.stats().failure}`;
    }),
  },
  {
    id: 'O9',
    title: 'Two breakers of different functions are made from one options object; the second is called',
    right: 'resolves with second, options unchanged',
    peer: virtually(async () => {
      const options = { cache: true };
      const keys = Object.keys(options).length;
      await new Opossum(() => Promise.resolve('first'), options).fire();
      const answer = await ending(new Opossum(() => Promise.resolve('second'), options).fire());
      const added = Object.keys(options).length - keys;
      return `${answer}, options ${added === 0 ? 'unchanged' : `have ${added} keys more`}`;
    }),
    ours: virtually(async () => {
      const options: BreakerOptions = { name: 'shared', halfOpen: { probes: 2 } };
      const before = JSON.stringify(options);
      await createBreaker(options).execute(() => Promise.resolve('first'));
      const answer = await ending(createBreaker(options).execute(() => Promise.resolve('second')));
      return `${answer}, options ${JSON.stringify(options) === before ? 'unchanged' : 'changed'}`;
    }),
  },
  {
    id: 'O10',
    title: 'Opened by hand; ten open times later',
    right: 'still shut',
    peer: virtually(async (time) => {
      const breaker = opossumFor(succeeds);
      breaker.open();
      await time.advance(10 * OPEN_MS);
      return breaker.opened ? 'still shut' : stateOf(breaker);
    }),
    ours: virtually(async (time) => {
      const breaker = busbarOn(time);
      breaker.isolate('by hand');
      await time.advance(10 * OPEN_MS);
      return breaker.state === 'isolated' ? 'still shut' : breaker.state;
    }),
  },
  {
    id: 'O13',
    title: 'One call runs into the time limit; samples in the statistics',
    right: '1',
    peer: virtually(async (time) => {
      const breaker = opossumFor(hangs, { timeout: TIMEOUT_MS, rollingPercentilesEnabled: true });
      breaker.fire().catch(() => undefined);
      await time.advance(TIMEOUT_MS);
      return String(breaker.stats.latencyTimes.length);
    }),
    ours: virtually(async (time) => {
      const breaker = busbarOn(time, { callTimeoutMs: TIMEOUT_MS, latency: 'on' });
      breaker.execute(hangs).catch(() => undefined);
      await time.advance(TIMEOUT_MS);
      return String(breaker.stats().latencyMs?.count);
    }),
  },
  {
    id: 'O14',
    title: 'A call runs into the time limit; the signal of another that has just begun',
    right: 'not aborted',
    peer: virtually(async (time) => {
      // It takes one for all calls; there is no other way.
      const abortController = new AbortController();
      const breaker = opossumFor(hangs, { timeout: TIMEOUT_MS, abortController });
      breaker.fire().catch(() => undefined);
      await time.advance(TIMEOUT_MS - LITTLE_MS);
      breaker.fire().catch(() => undefined);
      await time.advance(LITTLE_MS);
      return abortController.signal.aborted ? 'aborted' : 'not aborted';
    }),
    ours: virtually(async (time) => {
      const signals: (AbortSignal | undefined)[] = [];
      const breaker = busbarOn(time, { callTimeoutMs: TIMEOUT_MS });
      const call = (signal: AbortSignal | undefined): Promise<string> => {
        signals.push(signal);
        return hangs();
      };
      breaker.execute(call).catch(() => undefined);
      await time.advance(TIMEOUT_MS - LITTLE_MS);
      breaker.execute(call).catch(() => undefined);
      await time.advance(LITTLE_MS);
      return signals[1]?.aborted === false ? 'not aborted' : 'aborted';
    }),
  },
];
