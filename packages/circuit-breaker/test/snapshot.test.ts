import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { describe, expect, test } from 'vitest';

import { type BreakerOptions, type BreakerStateV1, createBreaker } from '../src/index.ts';
import { outcome, rig, type Rig } from './breaker-on-manual-time.ts';

const DAY_MS = 86_400_000;

/** A breaker that was saved by `run` and is created `elapsedMs` later, by the wall clock. */
const successor = (run: Rig, elapsedMs: number, options: Partial<BreakerOptions> = {}): Rig =>
  rig({ restore: JSON.parse(JSON.stringify(run.breaker.exportState())), wallClock: () => elapsedMs, ...options });

const saver = (options: Partial<BreakerOptions> = {}): Rig => rig({ wallClock: () => 0, ...options });

describe('state kept across restarts', () => {
  test('R-CB-7 closed: failures in a row and window go on', async () => {
    const run = saver();
    await run.fail(1);
    const next = successor(run, 0);
    expect(next.breaker.stats()).toMatchObject({
      state: 'closed',
      epoch: 2,
      windowFailures: 1,
      consecutiveFailures: 1,
    });
    await next.fail(1);
    expect(next.edges()).toEqual(['closed>open consecutive']);
  });

  test('R-CB-7 open: it stays open for what is left (opossum O2)', async () => {
    const run = saver();
    await run.fail(2);
    await run.clock.advance(30);
    const next = successor(run, 50);
    expect(next.breaker.stats()).toMatchObject({ state: 'open', openRemainingMs: 20, openCount: 1, outages: 1 });
    await next.clock.advance(20);
    expect(await next.breaker.execute(() => 'probe')).toBe('probe');
  });

  test('R-CB-7 half-open comes back as open whose time is up', async () => {
    const run = saver();
    await run.fail(2);
    await run.clock.advance(100);
    run.breaker.tryAcquire();
    const next = successor(run, 0);
    expect(next.breaker.stats()).toMatchObject({ state: 'open', openRemainingMs: 0, probeDue: true });
  });

  test('R-CB-7 isolated: the handle comes back, and its end leads to closed (cockatiel C2)', async () => {
    const run = saver();
    run.breaker.isolate('maintenance');
    const next = successor(run, 0);
    expect(await outcome(next.breaker.execute(() => 1))).toMatchObject({ details: { because: 'maintenance' } });
    next.breaker.restoredIsolation?.release();
    expect(next.breaker.state).toBe('closed');
    expect(successor(run, 0, { restoreIsolation: false }).breaker.state).toBe('closed');
    const { reason: _, ...nameless } = run.breaker.exportState();
    expect(rig({ restore: nameless }).breaker.restoredIsolation?.reason).toBe('isolated before a restart');
  });

  test.each([DAY_MS, -DAY_MS])('R-CB-7 a wall clock that is off by %d ms is harmless', async (skewMs) => {
    const run = saver();
    await run.fail(2);
    const { breaker } = successor(run, skewMs);
    expect(breaker.retryAfterMs).toBeLessThanOrEqual(100);
    expect(breaker.stats().windowCalls).toBe(0);
  });

  test('R-CB-7 the backoff goes on where it was', async () => {
    const run = saver();
    await run.fail(2);
    await run.clock.advance(100);
    await run.fail(1);
    const next = successor(run, 200);
    await next.fail(1);
    expect(next.events.at(-1)).toMatchObject({ to: 'open', openForMs: 400 });
  });

  test('R-CB-7 what remains is cut to open.maxMs', async () => {
    const run = saver();
    run.breaker.suggestOpen(1_000, 'down');
    expect(successor(run, 0, { open: { baseMs: 10, maxMs: 40 } }).breaker.retryAfterMs).toBe(40);
  });

  test('a window of another kind, or none, is dropped', async () => {
    const run = saver();
    await run.fail(1);
    const count = successor(run, 0, { window: { type: 'count' }, profile: 'production' });
    expect(count.breaker.stats()).toMatchObject({ windowCalls: 0, consecutiveFailures: 1 });
    const none = saver({ window: { type: 'none' }, trip: { consecutive: 2, failureRatio: 0 } });
    expect(none.breaker.exportState()).not.toHaveProperty('window');
    expect(successor(none, 0).breaker.stats().windowCalls).toBe(0);
  });

  test('the wall clock is asked for nothing else', async () => {
    const before = Date.now();
    const breaker = createBreaker({ name: 'plain' });
    expect(breaker.exportState().savedAtUnixMs).toBeGreaterThanOrEqual(before);
  });

  const sound: BreakerStateV1 = {
    v: 1,
    name: 'dependency',
    state: 'open',
    isolated: false,
    openRemainingMs: 50,
    openCount: 1,
    consecutiveFailures: 0,
    savedAtUnixMs: 0,
  };

  test.each<[string, unknown, string]>([
    ['text', 'open', 'no object'],
    ['a newer version', { ...sound, v: 2 }, 'another version'],
    ['the state of another breaker', { ...sound, name: 'other' }, 'the state of another breaker'],
    ['an unknown state', { ...sound, state: 'ajar' }, 'state is not valid'],
    ['a negative time', { ...sound, openRemainingMs: -1 }, 'openRemainingMs is not valid'],
    ['no number', { ...sound, openCount: null }, 'openCount is not valid'],
    ['half a failure', { ...sound, consecutiveFailures: 0.5 }, 'consecutiveFailures is not valid'],
    ['an infinite time', { ...sound, savedAtUnixMs: Number.POSITIVE_INFINITY }, 'savedAtUnixMs is not valid'],
    ['a flag that is none', { ...sound, isolated: 'yes' }, 'isolated is not valid'],
    ['a reason that is none', { ...sound, reason: 5 }, 'reason is not valid'],
    ['a window that is none', { ...sound, window: 5 }, 'window is not valid'],
    ['a window of a new kind', { ...sound, window: { type: 'decay' } }, 'window is not valid'],
    ['outcomes that are none', { ...sound, window: { type: 'count', outcomes: '0123x' } }, 'window is not valid'],
    ['buckets that are none', { ...sound, window: { type: 'time', buckets: [7] } }, 'window is not valid'],
    [
      'more failures than calls',
      { ...sound, window: { type: 'time', buckets: [{ ageMs: 1, calls: 1, failures: 2, slow: 0 }] } },
      'window is not valid',
    ],
  ])('R-CB-7 %s starts closed and says so', (_, restore, problem) => {
    const heard: unknown[] = [];
    const listener = (message: unknown): void => {
      heard.push(message);
    };
    subscribe('busbar:circuit-breaker:restore-invalid', listener);
    const { breaker } = rig({ restore });
    unsubscribe('busbar:circuit-breaker:restore-invalid', listener);
    expect(breaker.stats()).toMatchObject({ state: 'closed', epoch: 1 });
    expect(heard).toEqual([{ name: 'dependency', problem }]);
    expect(rig({ restore }).breaker.state).toBe('closed');
  });

  test.each([null, undefined])('%s is nothing to restore', (restore) => {
    expect(rig({ restore }).breaker.epoch).toBe(1);
  });

  test('R-CB-7 the channel hears of the restore', async () => {
    const heard: unknown[] = [];
    const listener = (message: unknown): void => {
      heard.push(message);
    };
    subscribe('busbar:circuit-breaker:transition', listener);
    rig({ restore: sound, wallClock: () => 0 });
    unsubscribe('busbar:circuit-breaker:transition', listener);
    expect(heard).toMatchObject([{ from: 'closed', to: 'open', cause: 'restore', epoch: 2, openForMs: 50 }]);
  });
});

test('a snapshot holds statistics, settings and buckets', async () => {
  const { breaker, fail } = rig({ profile: 'staging' });
  await fail(1);
  expect(breaker.snapshot()).toMatchObject({
    stats: { failure: 1 },
    settings: { name: 'dependency', profile: 'staging', open: { maxMs: 1_000 } },
    buckets: [{ ageMs: 0, calls: 1, failures: 1, slow: 0 }],
  });
  const bare = rig({ window: { type: 'none' }, trip: { consecutive: 1, failureRatio: 0 } });
  expect(bare.breaker.snapshot().buckets).toEqual([]);
});
