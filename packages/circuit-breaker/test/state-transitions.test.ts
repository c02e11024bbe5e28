import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import type { Permit, State, TransitionCause, Verdict } from '../src/index.ts';
import { outcome, rig, type Rig } from './breaker-on-manual-time.ts';

/** A breaker in which all ways to open are possible. */
const start = (): Rig =>
  rig({
    trip: { consecutive: 3, failureRatio: 0.5, minimumCalls: 4, slowMs: 50, slowRatio: 0.5 },
    halfOpen: { probes: 1, leaseMs: 50 },
    wallClock: () => 0,
  });

const take = ({ breaker }: Rig): Permit => {
  const permit = breaker.tryAcquire();
  if (permit === 0) throw new Error('refused');
  return permit;
};

const toOpen = (run: Rig): Promise<void> => run.fail(3);
const toHalfOpen = async (run: Rig): Promise<Permit> => {
  await toOpen(run);
  await run.clock.advance(100);
  return take(run);
};

type Edge = readonly [from: State, to: State, cause: TransitionCause];

describe('circuit breaker state transitions', () => {
  test.each<[Edge, (run: Rig) => Promise<unknown>]>([
    [['closed', 'open', 'consecutive'], toOpen],
    [
      ['closed', 'open', 'failure-rate'],
      async (run) => {
        await run.succeed(1);
        await run.fail(1);
        await run.succeed(1);
        await run.fail(1);
      },
    ],
    [
      ['closed', 'open', 'slow-rate'],
      async (run) => {
        await run.succeed(2);
        const permits = [take(run), take(run)];
        const startedAtMs = run.breaker.now();
        await run.clock.advance(50);
        for (const permit of permits) run.breaker.success(permit, startedAtMs);
      },
    ],
    [
      ['closed', 'open', 'hint'],
      async (run) => {
        run.breaker.suggestOpen(10, 'the health check failed');
      },
    ],
    [['open', 'half-open', 'open-elapsed'], toHalfOpen],
    [['half-open', 'closed', 'probes-succeeded'], async (run) => run.breaker.success(await toHalfOpen(run))],
    [['half-open', 'open', 'probe-failed'], async (run) => run.breaker.failure(await toHalfOpen(run))],
    [
      ['half-open', 'open', 'probe-timeout'],
      async (run) => {
        await toHalfOpen(run);
        await run.clock.advance(50);
        run.breaker.tryAcquire();
      },
    ],
    [
      ['half-open', 'open', 'hint'],
      async (run) => {
        await toHalfOpen(run);
        run.breaker.suggestOpen(10, 'down');
      },
    ],
    [['closed', 'isolated', 'manual'], async (run) => run.breaker.isolate('by hand')],
    [
      ['open', 'isolated', 'manual'],
      async (run) => {
        await toOpen(run);
        run.breaker.isolate('by hand');
      },
    ],
    [
      ['half-open', 'isolated', 'manual'],
      async (run) => {
        await toHalfOpen(run);
        run.breaker.isolate('by hand');
      },
    ],
    [
      ['isolated', 'closed', 'manual'],
      async (run) => {
        run.breaker.isolate('by hand').release();
      },
    ],
    [
      ['isolated', 'half-open', 'manual'],
      async (run) => {
        run.breaker.isolate('by hand').release({ resume: 'half-open' });
      },
    ],
    [
      ['open', 'observe', 'manual'],
      async (run) => {
        await toOpen(run);
        run.breaker.setMode('observe');
      },
    ],
    [
      ['observe', 'closed', 'manual'],
      async (run) => {
        run.breaker.setMode('observe');
        run.breaker.setMode('active');
      },
    ],
    [
      ['half-open', 'disabled', 'manual'],
      async (run) => {
        await toHalfOpen(run);
        run.breaker.setMode('disabled');
      },
    ],
    [
      ['disabled', 'closed', 'manual'],
      async (run) => {
        run.breaker.setMode('disabled');
        run.breaker.setMode('active');
      },
    ],
    [
      ['isolated', 'observe', 'manual'],
      async (run) => {
        const handle = run.breaker.isolate('by hand');
        run.breaker.setMode('observe');
        handle.release();
      },
    ],
    [
      ['closed', 'closed', 'reset'],
      async (run) => {
        run.breaker.reset();
      },
    ],
    [
      ['open', 'closed', 'reset'],
      async (run) => {
        await toOpen(run);
        run.breaker.reset();
      },
    ],
    [
      ['half-open', 'closed', 'reset'],
      async (run) => {
        await toHalfOpen(run);
        run.breaker.reset();
      },
    ],
  ])('R-CB-7 %j', async ([from, to, cause], take_) => {
    const run = start();
    await take_(run);
    expect(run.events.at(-1)).toMatchObject({ from, to, cause, enforced: true, epoch: run.breaker.epoch });
    expect(run.breaker.state).toBe(to);
    expect(run.events.map(({ epoch }) => epoch)).toEqual(run.events.map((_, index) => index + 2));
  });

  test('R-CB-7 one failure less than the threshold stays closed, and a success begins again', async () => {
    const run = rig({ trip: { consecutive: 3 } });
    await run.fail(2);
    await run.succeed(1);
    await run.fail(2);
    expect(run.breaker.state).toBe('closed');
    await run.fail(1);
    expect(run.breaker.state).toBe('open');
  });

  test('R-CB-7 open becomes half-open not a moment before its time, and only by an admission', async () => {
    const run = start();
    await toOpen(run);
    await run.clock.advance(99.999);
    expect(run.breaker.tryAcquire()).toBe(0);
    await run.clock.advance(0.001);
    expect(run.breaker.state).toBe('open');
    expect(run.breaker.tryAcquire()).toBe(3);
    expect(run.breaker.state).toBe('half-open');
  });

  test('R-CB-7 of a thousand simultaneous calls exactly as many are admitted as there are places for probes', async () => {
    const run = rig({ trip: { consecutive: 5 }, halfOpen: { probes: 5, concurrency: 3, leaseMs: 50 } });
    await run.fail(5);
    await run.clock.advance(100);
    const gate = Promise.withResolvers<string>();
    const calls = Array.from({ length: 1_000 }, () => outcome(run.breaker.execute(() => gate.promise)));
    expect(run.breaker.stats()).toMatchObject({ inFlight: 3, rejectedProbesBusy: 997 });
    gate.resolve('probe');
    const answers = await Promise.all(calls);
    expect(answers.filter((answer) => answer === 'probe')).toHaveLength(3);
    expect(answers.filter((answer) => answer !== 'probe')).toMatchObject(
      Array.from({ length: 997 }, () => ({ code: 'BUSBAR_BREAKER_OPEN', retryAfterMs: 50 })),
    );
  });

  test.each<[Verdict[], State]>([
    [['success', 'success', 'success'], 'closed'],
    [['failure', 'success', 'success', 'success'], 'closed'],
    [['success', 'ignore', 'failure', 'success', 'ignore', 'success'], 'closed'],
    [['failure', 'failure'], 'open'],
    [['success', 'failure', 'success', 'failure'], 'open'],
    [['success', 'success', 'failure'], 'half-open'],
  ])('R-CB-7 probes that end with %j leave it %s', async (verdicts, state) => {
    const run = rig({ trip: { consecutive: 3 }, halfOpen: { probes: 3, concurrency: 1, maxFailures: 1, leaseMs: 50 } });
    await run.fail(3);
    await run.clock.advance(100);
    for (const verdict of verdicts) {
      const permit = take(run);
      if (verdict === 'success') run.breaker.success(permit);
      else if (verdict === 'failure') run.breaker.failure(permit);
      else run.breaker.release(permit);
    }
    expect(run.breaker.state).toBe(state);
  });

  test('R-CB-7 probes in flight and decided never exceed what can matter', async () => {
    const run = rig({ trip: { consecutive: 3 }, halfOpen: { probes: 2, concurrency: 3, maxFailures: 1, leaseMs: 50 } });
    await run.fail(3);
    await run.clock.advance(100);
    const permits = [take(run), take(run), take(run)];
    expect(run.breaker.tryAcquire()).toBe(0);
    run.breaker.failure(permits[0] ?? take(run));
    expect(run.breaker.tryAcquire()).toBe(0);
    run.breaker.release(permits[1] ?? take(run));
    expect(run.breaker.tryAcquire()).toBe(3);
  });

  test('R-CB-7 a hung probe: its lease ends, it reopens for longer, a new probe closes it, the late result is stale', async () => {
    const run = start();
    const hung = await toHalfOpen(run);
    await run.clock.advance(49);
    expect(run.breaker.tryAcquire()).toBe(0);
    await run.clock.advance(1);
    expect(run.breaker.tryAcquire()).toBe(0);
    expect(run.breaker.stats()).toMatchObject({ state: 'open', openCount: 2, openRemainingMs: 200, probesExpired: 1 });
    await run.clock.advance(200);
    const probe = take(run);
    expect(run.breaker.failure(hung)).toBe(false);
    expect(run.breaker.success(probe)).toBe(true);
    expect(run.breaker.state).toBe('closed');
  });

  test('R-CB-7 who comes long after a probe has hung is admitted at once', async () => {
    const run = start();
    await toHalfOpen(run);
    await run.clock.advance(10_000);
    expect(run.breaker.tryAcquire()).toBe(5);
    expect(run.edges().slice(-2)).toEqual(['half-open>open probe-timeout', 'open>half-open open-elapsed']);
    expect(run.events.at(-2)).toMatchObject({ openForMs: 0 });
  });

  test('R-CB-7 reset while calls are in flight: their results are stale', async () => {
    const run = start();
    const gate = Promise.withResolvers<never>();
    const calls = [0, 1, 2].map(async () => outcome(run.breaker.execute(() => gate.promise)));
    run.breaker.reset();
    gate.reject(new Error('down'));
    await Promise.all(calls);
    expect(run.breaker.stats()).toMatchObject({ state: 'closed', staleFailure: 3, windowCalls: 0 });
  });

  test('R-CB-7 a function and a listener that call the breaker again find it consistent', async () => {
    const run = start();
    const seen: State[] = [];
    run.breaker.onTransition(({ to }) => {
      seen.push(run.breaker.state);
      if (to === 'open') run.breaker.reset();
    });
    const inner = await run.breaker.execute(async () => {
      await run.fail(3);
      return run.breaker.execute(() => 'inner');
    });
    expect(inner).toBe('inner');
    await settle();
    expect(run.edges()).toEqual(['closed>open consecutive', 'open>closed reset']);
    expect(seen).toEqual(['open', 'closed']);
    expect(run.breaker.stats()).toMatchObject({ inFlight: 0, success: 1, staleSuccess: 1 });
  });

  test('R-CB-7 a suggestion prolongs an open period and never shortens it; it is cut to open.maxMs', async () => {
    const run = start();
    await toOpen(run);
    run.breaker.suggestOpen(50, 'down');
    expect(run.breaker.retryAfterMs).toBe(100);
    run.breaker.suggestOpen(99_999, 'down');
    expect(run.breaker.retryAfterMs).toBe(1_000);
    expect(run.events).toHaveLength(1);
    const hinted = start();
    hinted.breaker.suggestOpen(400, 'the start-up check failed');
    expect(hinted.events).toMatchObject([{ cause: 'hint', openForMs: 400, reason: 'the start-up check failed' }]);
  });
});
