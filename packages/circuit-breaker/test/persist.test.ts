import { settle } from '@busbar-tooling/test-kit/manual-clock';
import { describe, expect, test } from 'vitest';

import { BreakerOptionsError, type BreakerStateV1, type BreakerStore, persistBreaker } from '../src/index.ts';
import { foreignBreaker, rig, type Rig } from './breaker-on-manual-time.ts';

interface MemoryStore extends BreakerStore {
  readonly saved: BreakerStateV1[];
  /** Holds back what is being saved until called. */
  hold(): () => void;
}

const memoryStore = (): MemoryStore => {
  const saved: BreakerStateV1[] = [];
  let gate = Promise.resolve();
  return {
    saved,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    load: () => Promise.resolve(saved.at(-1)),
    save: async (_, state) => {
      await gate;
      saved.push(state);
    },
  };
};

const persisted = (
  options: { minIntervalMs?: number } = {},
): { run: Rig; store: MemoryStore; persistence: AsyncDisposable } => {
  const run = rig();
  const store = memoryStore();
  return { run, store, persistence: persistBreaker(run.breaker, store, { timers: run.clock.timers, ...options }) };
};

describe('keeping the state in a store', () => {
  test('R-CB-7 saves on transitions and never per call', async () => {
    const { run, store } = persisted();
    await run.succeed(10);
    expect(store.saved).toEqual([]);
    await run.fail(2);
    await settle();
    expect(store.saved).toMatchObject([{ name: 'dependency', state: 'open', openCount: 1 }]);
    expect(await store.load('dependency')).toBe(store.saved[0]);
  });

  test('at most one write per interval; what happens meanwhile is one write later', async () => {
    const { run, store } = persisted();
    run.breaker.reset();
    await settle();
    run.breaker.reset();
    run.breaker.reset();
    run.breaker.suggestOpen(900, 'down');
    await run.clock.advance(999);
    expect(store.saved).toHaveLength(1);
    await run.clock.advance(1);
    expect(store.saved).toHaveLength(2);
    expect(store.saved[1]).toMatchObject({ state: 'open', openRemainingMs: 0 });
    expect(run.clock.pending()).toBe(0);
  });

  test('one write at a time', async () => {
    const { run, store } = persisted({ minIntervalMs: 0 });
    const release = store.hold();
    run.breaker.reset();
    run.breaker.isolate('hold');
    await run.clock.advance(5_000);
    expect(store.saved).toEqual([]);
    release();
    await settle();
    expect(store.saved).toMatchObject([{ isolated: false }, { isolated: true }]);
  });

  test('disposing writes what is not written yet, and ends', async () => {
    const { run, store, persistence } = persisted();
    run.breaker.reset();
    await settle();
    run.breaker.isolate('last words');
    await persistence[Symbol.asyncDispose]();
    expect(store.saved).toMatchObject([{ isolated: false }, { isolated: true, reason: 'last words' }]);
    run.breaker.reset();
    await run.clock.advance(5_000);
    expect(store.saved).toHaveLength(2);
    expect(run.clock.pending()).toBe(0);
  });

  test('disposing with nothing to write writes nothing', async () => {
    const { store, persistence } = persisted();
    await persistence[Symbol.asyncDispose]();
    expect(store.saved).toEqual([]);
  });

  test('disposing while a write is under way waits for it', async () => {
    const { run, store, persistence } = persisted();
    const release = store.hold();
    run.breaker.reset();
    run.breaker.reset();
    const disposed = persistence[Symbol.asyncDispose]();
    release();
    await disposed;
    expect(store.saved).toHaveLength(2);
  });

  test('a store that fails is reported and fails no call', async () => {
    const run = rig();
    const error = new Error('disk full');
    persistBreaker(
      run.breaker,
      {
        load: () => Promise.resolve(null),
        save: () => {
          throw error;
        },
      },
      { timers: run.clock.timers },
    );
    await run.fail(2);
    await settle();
    expect(run.reported).toEqual([error]);
    expect(run.breaker.state).toBe('open');
  });

  test('beside a breaker that is not ours the process is warned', async () => {
    const warned = Promise.withResolvers<Error>();
    process.once('warning', (warning) => {
      warned.resolve(warning);
    });
    const { breaker } = rig();
    const foreign = foreignBreaker(breaker);
    const error = new Error('no disk');
    persistBreaker(foreign, { load: () => Promise.resolve(null), save: () => Promise.reject(error) });
    breaker.reset();
    expect(await warned.promise).toBe(error);
  });

  test.each([-1, Number.NaN, 4_000_000])('minIntervalMs %d is refused', (minIntervalMs) => {
    expect(() => persisted({ minIntervalMs })).toThrow(BreakerOptionsError);
  });
});
