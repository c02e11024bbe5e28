import { describe, expect, test } from 'vitest';

import type { Permit } from '../src/index.ts';
import { rig, type Rig } from './breaker-on-manual-time.ts';

const start = (): Rig =>
  rig({
    trip: { consecutive: 3, failureRatio: 0.5, minimumCalls: 4, slowMs: 50, slowRatio: 0.5 },
    halfOpen: { probes: 1, leaseMs: 50 },
  });

const take = ({ breaker }: Rig): Permit => {
  const permit = breaker.tryAcquire();
  if (permit === 0) throw new Error('refused');
  return permit;
};

const toHalfOpen = async (run: Rig): Promise<Permit> => {
  await run.fail(3);
  await run.clock.advance(100);
  return take(run);
};

describe('results of an earlier epoch', () => {
  /** Calls begun in one state and ended in another. */
  const BEGUN: Readonly<Record<string, (run: Rig) => Promise<Permit>>> = {
    closed: async (run) => take(run),
    'the first half-open': toHalfOpen,
    'before an isolation': async (run) => {
      const permit = take(run);
      run.breaker.isolate('by hand').release();
      return permit;
    },
  };
  const SETTLED: Readonly<Record<string, (run: Rig) => Promise<unknown>>> = {
    open: async (run) => {
      run.breaker.suggestOpen(100, 'down');
    },
    'another half-open': async (run) => {
      run.breaker.suggestOpen(100, 'down');
      await run.clock.advance(100);
      return take(run);
    },
    'another closed': async (run) => {
      run.breaker.reset();
    },
    isolated: async (run) => run.breaker.isolate('again'),
  };
  const cases = Object.keys(BEGUN).flatMap((begun) =>
    Object.keys(SETTLED).flatMap((settled) =>
      (['success', 'failure', 'ignore', 'slow'] as const).map((how) => [begun, settled, how] as const),
    ),
  );

  test.each(cases)('R-CB-7 a call begun in %s and ended in %s (%s) decides nothing', async (begun, settled, how) => {
    const run = start();
    const startedAtMs = run.breaker.now();
    const permit = await BEGUN[begun]?.(run);
    await SETTLED[settled]?.(run);
    const before = run.breaker.stats();
    const told = run.events.length;
    if (permit === undefined) return;
    const ends = {
      success: () => run.breaker.success(permit),
      failure: () => run.breaker.failure(permit),
      ignore: () => run.breaker.release(permit),
      slow: () => run.breaker.success(permit, startedAtMs - 1_000),
    };
    expect(ends[how]()).toBe(false);
    const stale = {
      success: 'staleSuccess',
      failure: 'staleFailure',
      ignore: 'staleIgnored',
      slow: 'staleSuccess',
    } as const;
    const name = stale[how];
    expect(run.breaker.stats()).toEqual({ ...before, inFlight: before.inFlight - 1, [name]: before[name] + 1 });
    expect(run.events).toHaveLength(told);
  });
});
